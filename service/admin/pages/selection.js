"use strict";
// An addition that the pages work without: a button that selects all leads of a page, and how many are selected.
const boxes = [...document.querySelectorAll("input[name=id][type=checkbox]")];
const bar = document.querySelector(".bulk");
if (bar && boxes.length) {
  const button = document.createElement("button");
  const count = document.createElement("span");
  button.type = "button";
  button.className = "small quiet";
  count.setAttribute("role", "status");
  count.className = "soft";
  const selected = () => boxes.filter((box) => box.checked).length;
  const update = () => {
    count.textContent = selected() ? `${selected()} selected` : "";
    button.textContent = selected() === boxes.length ? "Clear selection" : "Select page";
  };
  button.addEventListener("click", () => {
    const all = selected() < boxes.length;
    for (const box of boxes) box.checked = all;
    update();
  });
  for (const box of boxes) box.addEventListener("change", update);
  bar.prepend(button);
  bar.append(count);
  update();
}
