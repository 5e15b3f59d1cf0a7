// One touch as text: {u: url, r: referrer, t: unix seconds} in percent-encoded JSON.

import { essence } from "./addresses.js";
import { nowS } from "./attempt.js";

export const LIFETIME_S = 90 * 86400;

// Two of them stay below 3.5 KB: servers refuse requests with long cookies.
const MAX_TOUCH_LENGTH = 1700;

export const encode = (members) => encodeURIComponent(JSON.stringify(members));

export const decode = (text) => JSON.parse(decodeURIComponent(text));

// Addresses are reduced to their origin parameters and cut to fit.
export const pack = (u, r, t) => {
  let text;
  let length = 2000;
  do {
    text = encode({ u: essence(u).slice(0, length), r: essence(r).slice(0, length / 4), t });
    length -= 100;
  } while (text.length > MAX_TOUCH_LENGTH);
  return text;
};

export const isFresh = (text) => {
  const ageS = nowS() - decode(text).t;
  return ageS < LIFETIME_S && ageS > -86400;
};
