// Visits every element of the page: at the start, when it is added, and again when it is used.

import { attempt, listen } from "./attempt.js";

const IN_USE = "focusin click submit reset formdata";

const entered = new WeakSet();

export const visitElements = (visit) => {
  const visitAll = (place) => {
    for (const element of [place, ...place.querySelectorAll("*")]) {
      if (element.localName) visit(element);
      if (element.shadowRoot) enter(element.shadowRoot);
      if (element.localName === "iframe") attempt(() => enterFrame(element));
    }
  };

  const onChanges = (changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node.querySelectorAll) visitAll(node);
  };

  // Just before a form is read, and just after it was reset.
  const onUse = (event) => {
    const path = event.composedPath();
    const form = path.find((node) => node.localName === "form") || path[0].form;
    if (form && form.querySelectorAll) {
      visitAll(form);
      if (event.formData) addMissing(form, event.formData);
      if (event.type === "reset") setTimeout(() => attempt(() => visitAll(form)));
    }
    if (event.type === "click") path.forEach((node) => node.localName && visit(node));
  };

  const enter = (root) => {
    visitAll(root);
    if (entered.has(root)) return;
    entered.add(root);
    listen(root, IN_USE, onUse);
    const observer = new MutationObserver((changes) => attempt(() => onChanges(changes)));
    observer.observe(root, { childList: true, subtree: true });
  };

  // HubSpot writes its forms into an iframe without an address, where no script of the page runs.
  const enterFrame = (frame) => {
    const inside = frame.contentDocument;
    if (!frame.hasAttribute("src") && inside && !entered.has(inside)) enter(inside);
  };

  enter(document);
  listen(document, "load", (event) => enterFrame(event.target));
};

// Adds fields that were read before they were filled in.
const addMissing = (form, data) => {
  for (const { name, value } of form.querySelectorAll("input[type=hidden][name]")) {
    if (value && data.get(name) === "") data.set(name, value);
  }
};
