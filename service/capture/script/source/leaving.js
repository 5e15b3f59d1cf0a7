// Two domains of one operator: a link from one to the other carries the touches in a parameter, which the other
// page removes from its address (arriving.js).

import { hostOf, isUnder } from "./addresses.js";
import { attempt, listen, nowS } from "./attempt.js";
import { LAST } from "./keeping.js";
import { options } from "./options.js";
import { isFramed, listed } from "./tag.js";
import { facts } from "./tags.js";

const domains = listed(options.domains);
const here = hostOf(location.href);

// The domain of our cookies.
const own = domains.find((domain) => isUnder(here, domain)) || here;

const isOtherDomain = (host) => domains.some((domain) => isUnder(host, domain)) && !isUnder(host, own);

// Only touches that may be stored are passed on.
const isKept = () =>
  !isFramed && (attempt(() => document.cookie.includes(LAST + "=")) || attempt(() => localStorage.getItem(LAST)));

// In the link only during the click: it may be copied, or styled by its address.
const decorate = (link) => {
  if (!isOtherDomain(hostOf(link.href)) || !isKept()) return;
  const [, , , first, last] = facts();
  const plain = link.getAttribute("href");
  // Touches contain no comma.
  link.search += (link.search ? "&" : "?") + "lc_touch=" + [nowS(), first, last];
  setTimeout(() => link.setAttribute("href", plain));
};

// The keyboard makes a click, too.
export const watchLinks = () =>
  listen(document, "click auxclick", (event) => decorate(event.composedPath().find((node) => node.href)));
