// How the visitor came: the landing page of this visit, and the remembered touches.

import { cut, hostOf, isTagged, isUnder } from "./addresses.js";
import { attempt, nowS } from "./attempt.js";
import { FIRST, keep, keepVisit, LAST, ownSite, recall, recallVisit } from "./keeping.js";
import { domains } from "./tag.js";
import { decode, isFresh, pack } from "./touches.js";

// Neither an IP address nor a name of the local network.
const PUBLIC_HOST = /\.(?!local$)[a-z][^.]*$/;

// Sites that people only pass through.
const INTERMEDIARIES =
  "(^|[.])((paypal|stripe|gocardless|klarna|worldpay|sagepay|adyen|squareup|auth0|okta|nexudus|accounts[.]google|" +
  "login[.](microsoftonline|live)|appleid[.]apple)[.]com|opayo[.]co[.]uk)$";

export let visit = { landing: "", referrer: "" };

const isExternal = (referrer) => {
  const host = hostOf(referrer);
  const own = domains.concat(ownSite());
  return (
    PUBLIC_HOST.test(host) &&
    !own.some((domain) => isUnder(host, domain) || isUnder(domain, host)) &&
    !host.match(INTERMEDIARIES)
  );
};

// Of two touches, the earlier is the first (sign 1), the later the last (sign -1). Anyone can write a link: text that
// is not a touch throws.
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
  // One page after a landing that could not be stored, for example before consent.
  if (!hasEvidence && !recall(LAST) && cameFrom.startsWith(location.origin) && isTagged(cameFrom)) {
    here.landing = cut(cameFrom);
  }
  keepVisit(here);
  if (isTagged(here.landing) || here.referrer) remember();
};
