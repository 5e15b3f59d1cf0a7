// How the visitor came: the landing page of this visit, and the touches that are remembered.

import { cut, hostOf, isTagged, isUnder } from "./addresses.js";
import { attempt, nowS } from "./attempt.js";
import { FIRST, keep, keepVisit, LAST, ownSite, recall, recallVisit } from "./keeping.js";
import { domains } from "./tag.js";
import { decode, isFresh, pack } from "./touches.js";

// No IP address, nor a name of the local network.
const IN_THE_WORLD = /\.(?!local$)[a-z][^.]*$/;

// Where people only pass through.
const GO_BETWEENS =
  "(^|[.])((paypal|stripe|gocardless|klarna|worldpay|sagepay|adyen|squareup|auth0|okta|nexudus|accounts[.]google|" +
  "login[.](microsoftonline|live)|appleid[.]apple)[.]com|opayo[.]co[.]uk)$";

export let visit = { landing: "", referrer: "" };

const isExternal = (referrer) => {
  const host = hostOf(referrer);
  const own = domains.concat(ownSite());
  return (
    IN_THE_WORLD.test(host) &&
    !own.some((domain) => isUnder(host, domain) || isUnder(domain, host)) &&
    !host.match(GO_BETWEENS)
  );
};

// Of two touches the earlier is the first (sign 1), the later the last (sign -1). Strangers can write a link:
// what is no touch throws.
const adopt = (name, text, sign) => {
  const { u, r, t } = decode(text);
  const known = recall(name);
  if (isFresh(text) && hostOf(u) && !(known && (decode(known).t - t) * sign <= 0)) keep(name, pack(u, r, t));
};

const remember = () => {
  const touch = pack(visit.landing, visit.referrer, nowS());
  keep(LAST, touch);
  if (!recall(FIRST)) keep(FIRST, touch);
};

// Called again when consent changes.
// address: of this page when it was opened. first, last: touches that came with it.
export const beginVisit = (address, first, last) => {
  attempt(() => {
    adopt(FIRST, first, 1);
    adopt(LAST, last, -1);
  });
  const cameFrom = document.referrer;
  const here = { landing: cut(address), referrer: isExternal(cameFrom) ? cut(cameFrom) : "" };
  const hasEvidence = isTagged(address) || here.referrer;
  visit = (!hasEvidence && recallVisit()) || here;
  if (visit !== here) return;
  // One page on from a landing of which nothing could be kept, before consent for example.
  if (!hasEvidence && !recall(LAST) && cameFrom.startsWith(location.origin) && isTagged(cameFrom)) {
    here.landing = cut(cameFrom);
  }
  keepVisit(here);
  if (isTagged(here.landing) || here.referrer) remember();
};
