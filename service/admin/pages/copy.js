"use strict";
// Buttons that copy a text; hidden without a script.
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // pages without HTTPS have no clipboard
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
};
for (const button of document.querySelectorAll("button[data-copy]")) {
  const words = [...button.childNodes];
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copy(button.dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.replaceChildren(...words); }, 2000);
  });
}
