// One touch, as text: {u: url, r: referrer, t: unix seconds} in percent-encoded JSON.

import { essence } from "./addresses.js";
import { nowS } from "./attempt.js";

export const LIFETIME_S = 90 * 86400;

// Two of them stay under 3.5 KB: servers refuse requests whose cookies are long.
const LONGEST_TOUCH = 1700;

export const encode = (members) => encodeURIComponent(JSON.stringify(members));

export const decode = (text) => JSON.parse(decodeURIComponent(text));

// Of addresses no more than tells of the visit, and of that what fits.
export const pack = (u, r, t) => {
  let text;
  let length = 2000;
  do {
    text = encode({ u: essence(u).slice(0, length), r: essence(r).slice(0, length / 4), t });
    length -= 100;
  } while (text.length > LONGEST_TOUCH);
  return text;
};

export const isFresh = (text) => {
  const ageS = nowS() - decode(text).t;
  return ageS < LIFETIME_S && ageS > -86400;
};
