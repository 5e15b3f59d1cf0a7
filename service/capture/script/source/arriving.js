// Two domains of one operator: a link from one to the other carries the touches in a parameter (leaving.js), which
// this page removes from its address.

import { nowS } from "./attempt.js";
import { domains } from "./tag.js";

// A link that is copied and sent on carries no touches for long.
const LINK_LIFETIME_S = 120;

// Returns the first and the last touch, if the address has valid ones.
export const takeTouches = () => {
  let touches = [];
  const plain = location.href.replace(
    /([?&])lc_touch=(\d+),([^&#,]*),([^&#]*)(&?)/,
    (all, before, at, first, last, after) => {
      if (domains.length && Math.abs(nowS() - at) < LINK_LIFETIME_S) touches = [first, last];
      return after && before;
    }
  );
  if (plain !== location.href) history.replaceState(history.state, "", plain);
  return touches;
};
