// Draws the boards and asks twice a second whether anything changed, unless the page is hidden.
// Leads hold whatever strangers typed: text goes in by textContent only, never as HTML.

const POLL_MS = 500;
const chosen = { board: null };
const drawn = new Map(); // opportunity id -> { element, text }
const columnsOf = new Map(); // column id -> the columns of its board
let seen = "";
let isFirst = true;

const $ = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

function choose(boardId, focus = false) {
  chosen.board = String(boardId);
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const isChosen = tab.dataset.board === chosen.board;
    tab.setAttribute("aria-selected", isChosen);
    tab.tabIndex = isChosen ? 0 : -1;
    if (isChosen && focus) tab.focus();
  }
  for (const panel of document.querySelectorAll(".panel")) panel.hidden = panel.dataset.board !== chosen.board;
}

function walkTabs(event) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const here = tabs.indexOf(event.target);
  const steps = { ArrowRight: here + 1, ArrowLeft: here - 1 + tabs.length, Home: 0, End: tabs.length - 1 };
  if (!(event.key in steps)) return;
  event.preventDefault();
  choose(tabs[steps[event.key] % tabs.length].dataset.board, true);
}

function drawFrame(boards) {
  for (const board of boards) for (const column of board.columns) columnsOf.set(column.id, board.columns);
  const tabs = boards.map((board) => {
    const tab = make("button", { type: "button", role: "tab", id: `tab-${board.id}`, "aria-controls": `panel-${board.id}`, "data-board": board.id },
      make("b", {}, board.name, " ", make("span", { class: "badge" }, "0")), make("small", {}, board.place));
    tab.addEventListener("click", () => choose(board.id));
    return tab;
  });
  $("tabs").replaceChildren(...tabs);
  const panels = boards.map((board) => make("div",
    { class: "panel", role: "tabpanel", id: `panel-${board.id}`, "aria-labelledby": `tab-${board.id}`, "data-board": board.id, tabindex: 0 },
    ...board.columns.map((column) => make("section", { class: "column", id: `column-${column.id}`, "aria-labelledby": `name-${column.id}` },
      make("h2", { id: `name-${column.id}` }, column.name, make("span", { class: "badge" }, "0")),
      column.does.length ? make("p", { class: "does" }, `Arriving here ${column.does.join(", ")}`) : null,
      make("div", { class: "cards" }),
      make("p", { class: "more" })))));
  $("board").replaceChildren(...panels);
  choose(boards[0].id);
}

async function change(id, wanted) {
  const answer = await fetch(`/_sim/opportunities/${id}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted) });
  $("news").textContent = answer.ok ? "Changed" : "The simulated Nexudus did not take the change";
  ask();
}

// What a salesperson does in the real CRM.
function drawWork(card) {
  const button = (text, wanted) => {
    const element = make("button", { type: "button", "data-does": text.toLowerCase() }, text);
    element.addEventListener("click", () => change(card.id, wanted));
    return element;
  };
  const stages = make("select", { "aria-label": `Stage of ${card.title}` },
    ...(columnsOf.get(card.column) ?? []).map((column) => make("option", { value: column.id, ...(column.id === card.column ? { selected: "" } : {}) }, column.name)));
  stages.addEventListener("change", () => change(card.id, { stage_id: Number(stages.value) }));
  return make("details", { class: "work" }, make("summary", {}, "Move, win, lose"),
    make("div", {}, stages, button("Won", { status: "won" }), button("Lost", { status: "lost", loss_reason: 4 }),
      button("Reopen", { status: "in_progress" }), button("Delete", { delete: true })));
}

function drawState(card) {
  if (card.status !== "Won" && card.status !== "Lost") return null;
  const worth = card.status === "Won" && card.value ? ` ${card.value} ${card.currency ?? ""}` : "";
  return make("p", { class: `state ${card.status.toLowerCase()}` }, card.status, worth, card.loss ? `: ${card.loss}` : "");
}

function drawCard(card) {
  const arrived = new Date(card.at);
  const contact = [card.title === card.person ? "" : card.person, card.company].filter(Boolean).join(", ");
  const chips = Object.entries(card.utm).map(([name, value]) => make("li", {}, make("span", {}, `${name} `), value));
  if (card.source) chips.unshift(make("li", { class: "source", title: "LeadSource" }, card.source));
  if (card.type) chips.push(make("li", {}, make("span", {}, "type "), card.type));
  return make("article", { class: "card", "data-id": card.id },
    make("h3", {}, card.title),
    drawState(card),
    contact ? make("p", {}, contact) : null,
    make("p", {}, card.email),
    card.phone ? make("p", {}, card.phone) : null,
    make("ul", { class: "chips" }, ...chips),
    card.notes ? make("details", {}, make("summary", {}, "Notes"), make("div", { class: "notes", tabindex: 0 }, card.notes)) : null,
    drawWork(card),
    make("time", { datetime: card.at, title: arrived.toLocaleString() }, arrived.toLocaleTimeString()));
}

function place(card) {
  const text = JSON.stringify(card);
  const known = drawn.get(card.id);
  if (known?.text === text) return known.element;
  const element = drawCard(card);
  if (known) for (const name of ["details:not(.work)", "details.work"]) element.querySelector(name)?.toggleAttribute("open", known.element.querySelector(name)?.open ?? false);
  else if (!isFirst) element.classList.add("fresh");
  drawn.set(card.id, { element, text });
  return element;
}

// Cards that stay are not taken out and put back: that would close their notes and lose the focus.
function fill(column) {
  const section = $(`column-${column.id}`);
  const cards = section.querySelector(".cards");
  const elements = column.cards.map(place);
  const wanted = new Set(elements);
  for (const old of [...cards.children]) if (!wanted.has(old)) old.remove();
  elements.forEach((element, index) => {
    if (cards.children[index] !== element) cards.insertBefore(element, cards.children[index] ?? null);
  });
  section.querySelector(".badge").textContent = column.count;
  const hidden = column.count - column.cards.length;
  section.querySelector(".more").textContent = hidden ? `and ${hidden} older` : column.count ? "" : "Nothing here yet";
}

function tellEffects(effects) {
  $("effects").hidden = !effects.length;
  $("effects").querySelector("summary").textContent = `Side effects (${effects.length === 20 ? "the last 20" : effects.length})`;
  $("effects").querySelector("ol").replaceChildren(...effects.map((effect) =>
    make("li", {}, `${new Date(effect.at).toLocaleTimeString()} ${effect.what}`)));
}

function draw(state) {
  if (isFirst) drawFrame(state.boards);
  const before = new Set(drawn.keys());
  for (const board of state.boards) {
    board.columns.forEach(fill);
    const count = board.columns.reduce((sum, column) => sum + column.count, 0);
    $(`tab-${board.id}`).querySelector(".badge").textContent = count;
  }
  const cards = state.boards.flatMap((board) => board.columns.flatMap((column) => column.cards));
  const present = new Set(cards.map((card) => card.id));
  for (const id of before) if (!present.has(id)) drawn.delete(id);
  const fresh = cards.filter((card) => !before.has(card.id));
  if (!isFirst && fresh.length) $("news").textContent = fresh.length === 1 ? `New opportunity: ${fresh[0].title}` : `${fresh.length} new opportunities`;
  $("opportunities").textContent = state.opportunities;
  $("coworkers").textContent = state.coworkers;
  tellEffects(state.side_effects);
  seen = String(state.revision);
  isFirst = false;
}

function tellConnection(state) {
  if ($("connection").dataset.state === state) return;
  $("connection").dataset.state = state;
  $("connection").textContent = state;
}

async function ask() {
  if (document.hidden) return; // visibilitychange asks again
  try {
    const answer = await fetch(`/_sim/board?seen=${encodeURIComponent(seen)}`, { cache: "no-store" });
    if (answer.status === 200) draw(await answer.json());
    tellConnection(answer.ok ? "live" : "trouble");
  } catch {
    tellConnection("lost");
    seen = ""; // the simulator may come back with another world
  }
  clearTimeout(ask.timer);
  ask.timer = setTimeout(ask, POLL_MS);
}

$("tabs").addEventListener("keydown", walkTabs);
document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
ask();
