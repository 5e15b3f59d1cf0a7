// Two domains of one operator: a link from one to the other carries the touches in a parameter (leaving.js) that
// this page takes out of its address.

import { nowS } from "./attempt.js";
import { domains } from "./tag.js";

// A copied link tells nothing to whom it is sent.
const LINK_LIFETIME_S = 120;

// -> first and last touch, where the address has them and they are meant for us.
export const takeTouches = () => {
  let taken = [];
  const plain = location.href.replace(
    /([?&])lc_touch=(\d+),([^&#,]*),([^&#]*)(&?)/,
    (all, before, at, first, last, after) => {
      if (domains.length && Math.abs(nowS() - at) < LINK_LIFETIME_S) taken = [first, last];
      return after && before;
    }
  );
  if (plain !== location.href) history.replaceState(history.state, "", plain);
  return taken;
};
