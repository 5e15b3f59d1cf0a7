// attribution-more.js: features that only some pages need. attribution.js loads it if a page has iframes or forms that
// post elsewhere, or if its tag has data-widgets or data-domains; a page may also load it with its own tag.
//
//   meanings.js  the name of a hidden field -> its meaning
//   tags.js      campaign tags and click ids of the visit that counts
//   others.js    empty hidden fields of other people's forms
//   handlers.js  forms that post here without an action: htmx, inline handlers
//   widgets.js   links, buttons and iframes of booking and form tools
//   tools.js     the parameters that Calendly, Cal.com, Typeform, Tally and Jotform accept
//   leaving.js   links to another domain of the same operator
//   looking.js   elements added later, shadow roots, iframes that the page itself writes
//
// It learns from attribution.js how the visitor came (LeadCapture.facts), and stores nothing.

import { attempt } from "./attempt.js";
import { markForm } from "./handlers.js";
import { watchLinks } from "./leaving.js";
import { visitElements } from "./looking.js";
import { fillField } from "./others.js";
import { options } from "./options.js";
import { watchWidgets } from "./widgets.js";

const start = () => {
  LeadCapture.more = true;
  const visits = [markForm];
  if (options.fill !== "own") visits.push(fillField);
  if ("widgets" in options) visits.push(watchWidgets());
  visitElements((element) => visits.forEach((visit) => attempt(() => visit(element))));
  watchLinks();
};

// Loaded twice?
if (attempt(() => LeadCapture.facts && !LeadCapture.more)) attempt(start);
