// Storage of touches: cookies, else localStorage; without consent only memory, for the lifetime of the page.
// Before consent nothing is read, either.

import { hostOf } from "./addresses.js";
import { attempt, nowS } from "./attempt.js";
import { needsConsent, isFramed } from "./tag.js";
import { encode, isFresh, LIFETIME_S } from "./touches.js";

export const FIRST = "lc_first";
export const LAST = "lc_last";
// When the visitor agreed.
const CONSENT = "lc_consent";
// The landing page of this visit, in sessionStorage.
const VISIT = "lc_visit";

let memory = {};
let mayKeep = true;

// The widest domain that accepts cookies; empty if only the host itself does, or if nothing may be stored.
let site;

const readCookie = (name) => (document.cookie.match("(^|; )" + name + "=([^;]*)") || [])[2];

const writeCookie = (name, text, domain, lifetimeS) => {
  document.cookie =
    name + "=" + text + "; path=/; max-age=" + lifetimeS + "; samesite=lax" +
    (domain ? "; domain=" + domain : "") + (location.protocol === "https:" ? "; secure" : "");
  return readCookie(name) === text;
};

// Of www.example.com: com, example.com, www.example.com.
const ownDomains = () => location.hostname.split(".").map((_, place, labels) => labels.slice(-place - 1).join("."));

const acceptsCookies = (domain) => {
  const accepted = writeCookie("lc_try", "1", domain, 60);
  writeCookie("lc_try", "", domain, 0);
  return accepted;
};

export const ownSite = () => site || hostOf(location.href);

export const keep = (name, text) => {
  memory[name] = text;
  if (mayKeep && !attempt(() => writeCookie(name, text, site, LIFETIME_S))) {
    attempt(() => localStorage.setItem(name, text));
  }
};

export const recall = (name) => {
  const kept = mayKeep ? [attempt(() => readCookie(name)), attempt(() => localStorage.getItem(name))] : [];
  return kept.concat(memory[name]).find((text) => text && attempt(() => isFresh(text))) || "";
};

export const keepVisit = (visit) => mayKeep && attempt(() => sessionStorage.setItem(VISIT, JSON.stringify(visit)));

export const recallVisit = () =>
  attempt(() => {
    const visit = mayKeep && JSON.parse(sessionStorage.getItem(VISIT));
    return visit.landing && visit;
  });

// On every domain: finding out which one was used would mean writing a cookie.
const forget = (name) => {
  for (const domain of ["", ...ownDomains()]) attempt(() => writeCookie(name, "", domain, 0));
  attempt(() => localStorage.removeItem(name));
  attempt(() => sessionStorage.removeItem(name));
};

const begin = () => {
  memory = {};
  site = mayKeep && attempt(() => ownDomains().find(acceptsCookies));
};

// Consent given on an earlier page is still valid.
export const startKeeping = () => {
  mayKeep = !isFramed && !(needsConsent && !recall(CONSENT));
  begin();
};

export const setConsent = (given) => {
  mayKeep = given && !isFramed;
  begin();
  if (given) keep(CONSENT, encode({ t: nowS() }));
  else [FIRST, LAST, CONSENT, VISIT].forEach(forget);
};
