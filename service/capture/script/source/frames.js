// A page in a frame is told by the page around it how the visitor came, whatever their origins.
//
// Around: whoever is in a frame of this very page may ask. The answer goes to the origin that asked, and has no
// secrets: of addresses no parameters but tags and click ids, nothing from forms.
// In the frame: only the page around is listened to, and only to five short texts. They are not kept.

import { cut, essence, hostOf } from "./addresses.js";
import { attempt, listen } from "./attempt.js";
import { FIRST, LAST, recall } from "./keeping.js";
import { isFramed } from "./tag.js";
import { visit } from "./visits.js";

// A frame asks with it; the page around says it when the frame should ask anew.
const HELLO = "lc_hello";

let around;

// lc_landing_url, lc_page_url, lc_referrer, lc_first, lc_last: what the page around told, else what we know.
export const facts = (show) =>
  around || [show(visit.landing), show(location.href), show(visit.referrer), recall(FIRST), recall(LAST)];

const isAnswer = (told) => told.length === 5 && told.every((text) => typeof text === "string") && hostOf(told[0]);

const ask = () => isFramed && parent.postMessage(HELLO, "*");

export const greetFrames = () => attempt(() => Array.from(frames, (frame) => frame.postMessage(HELLO, "*")));

export const watchFrames = (onNews) => {
  listen(window, "message", ({ data, source, origin }) => {
    if (isFramed && source === parent) {
      if (data === HELLO) ask();
      else if (isAnswer(data.lc_facts)) {
        around = data.lc_facts.map(cut);
        onNews();
      }
    } else if (data === HELLO && source.parent === window) source.postMessage({ lc_facts: facts(essence) }, origin);
  });
  ask();
  greetFrames();
};
