for (const form of document.forms) {
  const button = form.querySelector("button");
  const idle = button.textContent;
  const rest = () => {
    button.removeAttribute("aria-disabled");
    button.textContent = idle;
  };
  form.addEventListener("submit", (event) => {
    if (button.hasAttribute("aria-disabled")) {
      event.preventDefault();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy;
    setTimeout(rest, 15000);
  });
  addEventListener("pageshow", rest);
}
