// attribution-more.js: what only some pages need. attribution.js loads it where a page has forms that post elsewhere
// or iframes, and where its tag says data-widgets or data-domains; a page may also load it by a tag of its own.
//
//   meanings.js  the name of a hidden field -> what it asks for
//   tags.js      campaign tags and click ids of the visit that is credited
//   others.js    empty hidden fields of other people's forms
//   handlers.js  forms that reach us without an action: htmx, handlers in the page
//   widgets.js   links, buttons and iframes of booking and form tools
//   tools.js     what Calendly, Cal.com, Typeform, Tally and Jotform take under which names
//   leaving.js   links to another domain of the same operator
//   looking.js   elements added later, shadow roots, iframes that the page itself writes
//
// It asks attribution.js how the visitor came (LeadCapture.facts), and keeps nothing.

import { attempt } from "./attempt.js";
import { markForm } from "./handlers.js";
import { watchLinks } from "./leaving.js";
import { startLooking } from "./looking.js";
import { fillField } from "./others.js";
import { options } from "./options.js";
import { watchWidgets } from "./widgets.js";

const start = () => {
  LeadCapture.more = true;
  const looks = [markForm];
  if (options.fill !== "own") looks.push(fillField);
  if ("widgets" in options) looks.push(watchWidgets());
  startLooking((element) => looks.forEach((look) => attempt(() => look(element))));
  watchLinks();
};

// Loaded twice?
if (attempt(() => LeadCapture.facts && !LeadCapture.more)) attempt(start);
