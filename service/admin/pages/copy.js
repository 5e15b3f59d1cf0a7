"use strict";
// Buttons that copy a text; hidden where the browser cannot, as without a script.
for (const button of navigator.clipboard ? document.querySelectorAll("button[data-copy]") : []) {
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = words; }, 2000);
  });
}
