// What happens on the page: forms come and go, in open shadow roots too; its address changes.

import { attempt, listen } from "./attempt.js";
import { fill, onSend, renewView } from "./forms.js";
import { greetFrames } from "./frames.js";
import { renewAllKeys, sent } from "./keys.js";
import { loadMore, needsMore } from "./tag.js";

const SHADOW_ROOT = 11;

const watched = new WeakSet();
let address = location.href;

// A document, a shadow root or an element: forms in it are filled in, shadow roots in it are entered.
const visitAll = (place) => {
  for (const element of [place, ...place.querySelectorAll("*")]) {
    if (element.localName === "form") fill(element);
    if (needsMore || element.localName === "iframe") attempt(loadMore);
    if (element.shadowRoot) enter(element.shadowRoot);
  }
};

// Something that forms tell has changed.
export const onNews = () => {
  visitAll(document);
  greetFrames();
};

// The next page of a single-page site is noticed when it is drawn or used at the latest: its router and the
// browser's own functions are left alone.
const noticeAddress = () => {
  if (address === location.href) return;
  address = location.href;
  onNews();
};

const onChanges = (changes) => {
  noticeAddress();
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.querySelectorAll) visitAll(node);
  }
};

// Neither changes in a shadow root nor its submit events are told outside of it.
const enter = (root) => {
  visitAll(root);
  if (watched.has(root)) return;
  watched.add(root);
  listen(root, "submit formdata", onSend);
  const observer = new MutationObserver((changes) => attempt(() => onChanges(changes)));
  observer.observe(root, { childList: true, subtree: true });
};

// These events come out of a root that was attached to an element after we looked at it.
const onUse = (event) => {
  const path = event.composedPath();
  noticeAddress();
  for (const node of path) if (node.nodeType === SHADOW_ROOT && !watched.has(node)) enter(node);
  // Whoever writes on after sending says something new.
  if (event.type === "input" && sent.has(path[0].form)) renewView(path[0].form);
};

export const watchPage = () => {
  listen(document, "focusin keydown click input", onUse);
  // Out of the browser's cache: every form is viewed anew.
  listen(window, "pageshow", (event) => {
    if (!event.persisted) return;
    renewAllKeys();
    onNews();
  });
  // Not earlier: a form still being read may bring hidden inputs of its own.
  if (document.readyState === "loading") listen(document, "DOMContentLoaded", () => enter(document));
  else enter(document);
  // Last: not every browser has it.
  listen(navigation, "currententrychange", noticeAddress);
};
