// The tags for other people's forms and widgets: those of one visit, chosen as the service would choose it.

import { isTagged } from "./addresses.js";
import { attempt } from "./attempt.js";
import { clickIds, fold } from "./meanings.js";
import { decode } from "./touches.js";

export const UTM = ["source", "medium", "campaign", "content", "term"].map((key) => "utm_" + key);
const UNCHANGED = (url) => url;
const LANDING = 0;
const PAGE = 1;
const REFERRER = 2;

const plain = (text) => {
  const spaced = text.replace(/\+/g, " ");
  return attempt(() => decodeURIComponent(spaced), spaced).trim();
};

// All parameters of an address, also after #: folded name -> its first value.
const parametersOf = (url) => {
  const parameters = new Map();
  for (const part of url.split(/[?#&]/).slice(1)) {
    const [name, ...rest] = part.replace(/^(amp;)+/i, "").split("=");
    const value = plain(rest.join("="));
    const key = fold(plain(name).replace(/\[\d*\]$/, ""));
    if (value && !parameters.has(key)) parameters.set(key, value);
  }
  return parameters;
};

// Matomo's names count where Google's are absent.
const utmOf = (parameters, utm) => {
  const key = fold(utm).slice(3);
  const words = key === "term" ? ["kwd", "keyword"] : [key];
  const others = ["mtm", "pk"].map((front) => words.map((word) => front + word));
  return ["utm" + key].concat(...others).map((name) => parameters.get(name)).find(Boolean);
};

const utmTagsOf = (parameters) => {
  const tags = {};
  for (const utm of UTM) if (utmOf(parameters, utm)) tags[utm] = utmOf(parameters, utm);
  return tags;
};

// Values of two addresses are never mixed: the first with a source or a medium, else the first with anything.
const campaignOf = (all) => {
  const tags = all.map(utmTagsOf);
  return tags.find((each) => each.utm_source || each.utm_medium) || tags.find((each) => Object.keys(each).length) || {};
};

const touch = (text) => attempt(() => decode(text), {}) || {};

// Returns utm_source ... utm_term and click ids under their own names, as far as they are known.
const tagsFrom = (addresses) => {
  const all = addresses.map(parametersOf);
  const tags = campaignOf(all);
  clickIds.forEach((name, key) => {
    const id = all.map((each) => each.get(key)).find(Boolean);
    if (id) tags[name] = id;
  });
  return tags;
};

// Those of this visit, or of the last one with a known origin.
export const tagsOf = (facts) => {
  const here = [facts[LANDING], facts[PAGE]];
  return tagsFrom(here.some(isTagged) || facts[REFERRER] ? here : [touch(facts[4]).u || ""]);
};

export const facts = () => LeadCapture.facts(UNCHANGED);

// Values of all meanings that a hidden field may have.
export const answersOf = (known) => {
  const [landing, page, referrer, first, last] = known;
  const answers = tagsOf(known);
  const firstTags = campaignOf([parametersOf(touch(first).u || "")]);
  for (const utm of UTM) answers["first_" + utm] = firstTags[utm];
  const isDirect = !referrer && ![landing, page].some(isTagged);
  return Object.assign(answers, {
    landing_page: landing,
    page_url: page,
    referrer: (isDirect && touch(last).r) || referrer,
    lc_landing_url: landing,
    lc_page_url: page,
    lc_referrer: referrer,
    lc_first: first,
    lc_last: last,
  });
};
