// Calendly, Cal.com, Typeform, Tally and Jotform: values are passed under each tool's own names, and existing ones are
// kept. `pairs` are names with their values.

import { attempt } from "./attempt.js";
import { UTM } from "./tags.js";

const isUtm = (name) => UTM.includes(name);
const unchanged = (pairs) => pairs;
const camel = (name) => name.replace(/_(.)/, (all, letter) => letter.toUpperCase());

// Booking questions and `tracking` use the plain names, `metadata` accepts all.
const forCal = (pairs) =>
  pairs.filter(([name]) => isUtm(name)).concat(pairs.map(([name, value]) => ["metadata[" + name + "]", value]));

// The unique name of a field called "UTM Source" is utmSource.
const forJotform = (pairs) =>
  pairs.concat(pairs.filter(([name]) => isUtm(name)).map(([name, value]) => [camel(name), value]));

// Host and path of a form or a calendar -> the pairs for the query, and whether all of them also follow #.
const TOOLS = [
  [/(^|\.)calendly\.com\/./, (pairs) => pairs.filter(([name]) => isUtm(name))],
  [/(^|\.)cal\.com\/./, forCal],
  [/(^|\.)typeform\.(com|eu)\/to\//, (pairs, inFrame) => (inFrame ? pairs : []), true],
  [/^tally\.so\/(r|embed|popup|forms)\//, unchanged],
  [/(^|\.)jotform(pro|eu)?\.(com|eu|pro|me)\/(.*\d{9}|(?!www\.))/, forJotform],
];

// Typeform's own snippets have xxxxx as a placeholder.
const isEmpty = (pair) => /=(x{5})?$/.test(pair);
const nameOf = (pair) => attempt(() => decodeURIComponent(pair.split("=")[0]), "").toLowerCase();

// Parameters, completed. If one of the five tags is there, none is added: they belong to one visit.
const complete = (list, pairs, isTagged) => {
  const offered = pairs.filter(([name]) => !(isTagged && /utm_?[a-z]+\]?$/i.test(name)));
  const names = offered.map(([name]) => name.toLowerCase());
  const kept = list.split("&").filter((pair) => pair && !(isEmpty(pair) && names.includes(nameOf(pair))));
  const present = kept.map(nameOf);
  const missing = offered.filter(([name]) => !present.includes(name.toLowerCase()));
  return kept.concat(missing.map((pair) => pair.map(encodeURIComponent).join("="))).join("&");
};

const TAGGED = /(^|[?&#,])(metadata(\[|%5B))?utm_?(source|medium|campaign)(\]|%5D)?=(?!x{5}|[&#,]|$)/i;

export const withPairs = (address, pairs, inFrame) => {
  const url = new URL(address, location.href);
  const tool = TOOLS.find(([place]) => place.test(url.host + url.pathname));
  // The button that opened it may have passed its key.
  if (!tool || address.includes("lc_key")) return address;
  const [, name, behind] = tool;
  const [rest, fragment] = address.split(/#(.*)/);
  const [path, query] = rest.split(/\?(.*)/);
  const isTagged = TAGGED.test(address);
  const newQuery = complete(query || "", name(pairs, inFrame), isTagged);
  const newFragment = behind ? complete(fragment || "", pairs, isTagged) : fragment;
  return path + (newQuery && "?" + newQuery) + (newFragment ? "#" + newFragment : "");
};

// Cal.com's buttons: members of the configuration become parameters.
export const withConfig = (text, pairs) => {
  const config = text ? JSON.parse(text) : {};
  const isTagged = UTM.some((utm) => utm in config);
  const missing = forCal(pairs).filter(([name]) => !(name in config) && !(isTagged && isUtm(name)));
  return JSON.stringify(Object.assign(config, ...missing.map(([name, value]) => ({ [name]: value }))));
};

// Typeform's embeds: name=value, separated by commas.
export const withHidden = (text, pairs) => {
  const isTagged = TAGGED.test(text);
  const names = text.split(",").map(nameOf);
  const missing = pairs.filter(([name]) => !names.includes(name) && !(isTagged && isUtm(name)));
  const added = missing.map(([name, value]) => name + "=" + value.replace(/[\\,]/g, "\\$&"));
  return [text].concat(added).filter(Boolean).join(",");
};
