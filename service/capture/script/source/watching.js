// Watches the page: forms that come and go, also in open shadow roots, and changes of the address.

import { attempt, listen } from "./attempt.js";
import { fill, onSend, renewView } from "./forms.js";
import { greetFrames } from "./frames.js";
import { renewAllKeys, sent } from "./keys.js";
import { loadMore, needsMore } from "./tag.js";

const SHADOW_ROOT = 11;

const watched = new WeakSet();
let address = location.href;

// Fills in the forms of a document, a shadow root or an element, and enters its shadow roots.
const visitAll = (place) => {
  for (const element of [place, ...place.querySelectorAll("*")]) {
    if (element.localName === "form") fill(element);
    if (needsMore || element.localName === "iframe") attempt(loadMore);
    if (element.shadowRoot) enter(element.shadowRoot);
  }
};

// Values for the forms have changed.
export const onChange = () => {
  visitAll(document);
  greetFrames();
};

// The next page of a single-page site is noticed when it is drawn or used, at the latest: the router and the
// browser's own functions are left alone.
const noticeAddress = () => {
  if (address === location.href) return;
  address = location.href;
  onChange();
};

const onChanges = (changes) => {
  noticeAddress();
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.querySelectorAll) visitAll(node);
  }
};

// Neither changes in a shadow root nor its submit events are reported outside it.
const enter = (root) => {
  visitAll(root);
  if (watched.has(root)) return;
  watched.add(root);
  listen(root, "submit formdata", onSend);
  const observer = new MutationObserver((changes) => attempt(() => onChanges(changes)));
  observer.observe(root, { childList: true, subtree: true });
};

// These events leave a shadow root that was attached after its element was visited.
const onUse = (event) => {
  const path = event.composedPath();
  noticeAddress();
  for (const node of path) if (node.nodeType === SHADOW_ROOT && !watched.has(node)) enter(node);
  // Input after sending begins a new enquiry.
  if (event.type === "input" && sent.has(path[0].form)) renewView(path[0].form);
};

export const watchPage = () => {
  listen(document, "focusin keydown click input", onUse);
  // Restored from the browser's cache: every form is a new view.
  listen(window, "pageshow", (event) => {
    if (!event.persisted) return;
    renewAllKeys();
    onChange();
  });
  // Not earlier: a form that is still being parsed may have its own hidden inputs.
  if (document.readyState === "loading") listen(document, "DOMContentLoaded", () => enter(document));
  else enter(document);
  // Last: not every browser has it.
  listen(navigation, "currententrychange", noticeAddress);
};
