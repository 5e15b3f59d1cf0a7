// Two domains of one operator: a link from one to the other carries the touches in a parameter that the
// other page takes out of its address.

import { listen, nowS } from "./attempt.js";
import { hostOf } from "./addresses.js";
import { FIRST, keepsVisits, LAST, recall } from "./keeping.js";
import { domains } from "./tag.js";
import { isOtherDomain } from "./visits.js";

// A copied link tells nothing to whom it is sent.
const LINK_LIFETIME_S = 120;

// Not in the link for longer than the click: it may be copied, or styled by its address.
const decorate = (link) => {
  if (!recall(LAST) || !keepsVisits() || !isOtherDomain(hostOf(link.href))) return;
  const plain = link.getAttribute("href");
  // Touches have no comma.
  const parameter = "lc_touch=" + [nowS(), recall(FIRST), recall(LAST)];
  link.search += (link.search ? "&" : "?") + parameter;
  setTimeout(() => link.setAttribute("href", plain));
};

// The keyboard makes a click, too.
export const watchLinks = () =>
  listen(document, "click auxclick", (event) => decorate(event.composedPath().find((node) => node.href)));

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
