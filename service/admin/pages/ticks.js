"use strict";
// The pages do without this: one button that ticks all leads of a page, and how many are ticked.
const boxes = [...document.querySelectorAll("input[name=id][type=checkbox]")];
const bar = document.querySelector(".bulk");
if (bar && boxes.length) {
  const button = document.createElement("button");
  const told = document.createElement("span");
  button.type = "button";
  button.className = "small quiet";
  told.setAttribute("role", "status");
  told.className = "soft";
  const ticked = () => boxes.filter((box) => box.checked).length;
  const tell = () => {
    told.textContent = ticked() ? `${ticked()} ticked` : "";
    button.textContent = ticked() === boxes.length ? "Tick none" : "Tick all here";
  };
  button.addEventListener("click", () => {
    const all = ticked() < boxes.length;
    for (const box of boxes) box.checked = all;
    tell();
  });
  for (const box of boxes) box.addEventListener("change", tell);
  bar.prepend(button);
  bar.append(told);
  tell();
}
