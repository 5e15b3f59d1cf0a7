"use strict";
// Optional: one box selects all leads of a page; the bar of actions appears when some are selected;
// Enter on a box does what the space bar does.
const boxes = [...document.querySelectorAll("input[name=id][type=checkbox]")];
const bar = document.querySelector(".bulk");
const corner = document.querySelector("th.tick");
if (bar && corner && boxes.length) {
  const all = document.createElement("input");
  const label = document.createElement("label");
  const count = document.createElement("strong");
  all.type = "checkbox";
  label.append(all, ...corner.childNodes);
  corner.append(label);
  count.setAttribute("role", "status");
  bar.classList.add("floating");
  bar.prepend(count);
  const update = () => {
    const selected = boxes.filter((box) => box.checked).length;
    count.textContent = selected ? `${selected} ${bar.dataset.selected}` : "";
    all.checked = selected === boxes.length;
    all.indeterminate = selected > 0 && !all.checked;
    bar.hidden = !selected;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    update();
  });
  for (const box of boxes) box.addEventListener("change", update);
  for (const box of [all, ...boxes]) {
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) box.click();
    });
  }
  update();
}
