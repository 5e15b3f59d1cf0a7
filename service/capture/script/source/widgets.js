// data-widgets: links, buttons and iframes of booking and form tools carry the tags of the visit, and a key for one
// view of each of them.

import { attempt, listen } from "./attempt.js";
import { facts, tagsOf } from "./tags.js";
import { withConfig, withHidden, withPairs } from "./tools.js";

// A link that is used again after this is another enquiry.
const SAME_CLICK_MS = 2000;
const ADDRESSES = "href src data-url data-src data-lazy-src data-tally-src".split(" ");
const TYPEFORM = "live widget popup slider popover sidetab".split(" ").map((kind) => "[data-tf-" + kind + "]");
const PLACES = "a[href],area[href],iframe,[data-url],[data-cal-link]," + TYPEFORM;

const randomKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

// Element -> its key, and for each attribute its original and its rewritten value.
const views = new WeakMap();

const viewOf = (element) => {
  if (!views.has(element)) views.set(element, { key: randomKey(), plain: {}, written: {} });
  return views.get(element);
};

const rewrite = (element, attribute, change) => {
  const { plain, written } = viewOf(element);
  const present = element.getAttribute(attribute) || "";
  if (present !== written[attribute]) plain[attribute] = present;
  const text = change(plain[attribute]);
  written[attribute] = text;
  if (text !== present) element.setAttribute(attribute, text);
};

// A frame that the visitor may be using is not loaded a second time.
const mayRewrite = (element, attribute) => {
  if (attribute === "href") return /^(a|area)$/.test(element.localName);
  if (attribute !== "src") return true;
  return element.localName === "iframe" && !("src" in viewOf(element).written) && document.activeElement !== element;
};

export const watchWidgets = () => {
  const visit = (element) => {
    if (!element.matches(PLACES)) return;
    const { key } = viewOf(element);
    const pairs = Object.entries(tagsOf(facts())).concat([["lc_key", key]]);
    for (const name of ADDRESSES) {
      if (!element.getAttribute(name) || !mayRewrite(element, name)) continue;
      const inFrame = element.localName === "iframe" || name !== "href";
      attempt(() => rewrite(element, name, (address) => withPairs(address, pairs, inFrame)));
    }
    if (element.matches("[data-cal-link]")) rewrite(element, "data-cal-config", (text) => withConfig(text, pairs));
    if (element.matches(TYPEFORM.join())) rewrite(element, "data-tf-hidden", (text) => withHidden(text, pairs));
  };
  const renew = (element) => {
    views.get(element).key = randomKey();
    visit(element);
  };
  listen(document, "click auxclick", (event) => {
    const used = event.composedPath().filter((node) => views.has(node) && node.localName !== "iframe");
    used.forEach((element) => setTimeout(() => attempt(() => renew(element)), SAME_CLICK_MS));
  });
  return visit;
};
