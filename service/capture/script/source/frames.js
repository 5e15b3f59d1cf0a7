// A page in a frame learns from the page around it how the visitor came, whatever their origins.
//
// In the page around: any frame of this very page may ask. The answer goes to the origin that asked, and contains no
// secrets: addresses without parameters except tags and click ids, and nothing from forms.
// In the frame: only messages of the page around it are read, and only five short texts. They are not stored.

import { cut, essence, hostOf } from "./addresses.js";
import { attempt, listen } from "./attempt.js";
import { FIRST, LAST, recall } from "./keeping.js";
import { isFramed } from "./tag.js";
import { visit } from "./visits.js";

// A frame asks with this message; the page around it sends the same to make the frame ask again.
const HELLO = "lc_hello";

let around;

// lc_landing_url, lc_page_url, lc_referrer, lc_first, lc_last: from the page around, else from this page.
export const facts = (show) =>
  around || [show(visit.landing), show(location.href), show(visit.referrer), recall(FIRST), recall(LAST)];

const isAnswer = (texts) => texts.length === 5 && texts.every((text) => typeof text === "string") && hostOf(texts[0]);

const ask = () => isFramed && parent.postMessage(HELLO, "*");

export const greetFrames = () => attempt(() => Array.from(frames, (frame) => frame.postMessage(HELLO, "*")));

export const watchFrames = (onChange) => {
  listen(window, "message", ({ data, source, origin }) => {
    if (isFramed && source === parent) {
      if (data === HELLO) ask();
      else if (isAnswer(data.lc_facts)) {
        around = data.lc_facts.map(cut);
        onChange();
      }
    } else if (data === HELLO && source.parent === window) source.postMessage({ lc_facts: facts(essence) }, origin);
  });
  ask();
  greetFrames();
};
