"use strict";
// Optional: draws the chart that compares two periods, with its figures under the pointer.
// The server's own drawing is used for print, and where this one cannot be made.
for (const plot of document.querySelectorAll("[data-comparison]")) {
  const data = JSON.parse(plot.dataset.comparison);
  const drawing = plot.querySelector("svg");
  const places = data.names.map((_, place) => place);
  const fitted = (values) => places.map((place) => (place < values.length ? values[place] : null));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const said = document.createElement("p");
  said.className = "reading soft";
  said.textContent = data.hint;

  const read = (u) => {
    const place = u.cursor.idx;
    if (place === null || place === undefined) {
      said.textContent = data.hint;
      return;
    }
    const parts = [`${data.names[place]}: ${data.values[place].toLocaleString(data.language)}`];
    if (place < data.before.length) parts.push(`${data.before_names[place]}: ${data.before[place].toLocaleString(data.language)}`);
    said.textContent = parts.join(" · ");
  };

  const shadeWeekends = (u) => {
    u.ctx.save();
    u.ctx.fillStyle = colour("--calm-soft");
    for (const place of data.weekends) {
      const left = u.valToPos(place - 0.5, "x", true);
      u.ctx.fillRect(left, u.bbox.top, u.valToPos(place + 0.5, "x", true) - left, u.bbox.height);
    }
    u.ctx.restore();
  };

  const nameUnit = (u) => {
    u.ctx.save();
    u.ctx.fillStyle = colour("--soft");
    u.ctx.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
    u.ctx.textAlign = "right";
    u.ctx.fillText(data.unit, u.bbox.left - 8 * devicePixelRatio, 12 * devicePixelRatio);
    u.ctx.restore();
  };

  let chart = null;
  const draw = () => {
    if (chart) chart.destroy();
    const width = plot.clientWidth;
    const marks = data.marks.filter(([, isExtra]) => width >= 576 || !isExtra);
    const labels = new Map(marks.map(([place, , label]) => [place, label]));
    const axis = { stroke: colour("--soft"), font: "13px system-ui, sans-serif", grid: { stroke: colour("--line"), width: 1 } };
    const series = [{}, { label: data.now, fill: colour("--accent"), width: 0, paths: uPlot.paths.bars({ size: [0.8] }), points: { show: false } }];
    if (data.before.length) series.push({ label: data.then, stroke: colour("--busy"), width: 2, points: { show: data.before.length === 1 } });
    chart = new uPlot({
      width, height: 214, series,
      legend: { show: false },
      padding: [28, 12, 0, 0],
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { x: { time: false, range: [-0.5, places.length - 0.5] }, y: { range: [0, data.top] } },
      axes: [
        { ...axis, size: 32, grid: { show: false }, ticks: { stroke: colour("--line"), size: 5 }, splits: () => [...labels.keys()], values: (_, shown) => shown.map((place) => labels.get(place)) },
        { ...axis, size: 52, ticks: { show: false }, splits: () => [0, data.top / 2, data.top], values: (_, shown) => shown.map((value) => value.toLocaleString(data.language)) },
      ],
      hooks: { drawClear: [shadeWeekends], drawAxes: [nameUnit], setCursor: [read] },
    }, [places, fitted(data.values), ...(data.before.length ? [fitted(data.before)] : [])], plot);
    chart.root.setAttribute("aria-hidden", "true");
    const touch = (event) => {
      const finger = event.touches[0];
      chart.setCursor({ left: finger.clientX - chart.over.getBoundingClientRect().left, top: 0 });
    };
    for (const name of ["touchstart", "touchmove"]) chart.over.addEventListener(name, touch, { passive: true });
  };

  plot.append(said);
  draw();
  plot.classList.add("is-drawn");
  drawing.setAttribute("class", `${drawing.getAttribute("class")} on-paper`);
  let known = plot.clientWidth;
  new ResizeObserver(() => {
    if (plot.clientWidth === known) return;
    known = plot.clientWidth;
    draw();
  }).observe(plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

// A row leads to its leads wherever it is clicked; a stretched link cannot reach out of the first column, which stays.
for (const link of document.querySelectorAll(".outcomes tbody th a")) {
  const row = link.closest("tr");
  row.classList.add("leads");
  row.addEventListener("click", (event) => {
    if (!event.target.closest("a") && !getSelection().toString()) link.click();
  });
}

// A chosen period is shown at once; dates that were typed before no longer apply.
const period = document.querySelector(".filters [name=period]");
if (period) {
  const dates = [...document.querySelectorAll(".filters [type=date]")];
  period.addEventListener("change", () => {
    if (period.value !== "dates") for (const date of dates) date.value = "";
  });
}
