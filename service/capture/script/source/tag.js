// What the page says of us on our own tag:
//
//   <script src="https://leads.example.com/attribution.js" data-consent data-domains="one.com two.org" defer>

import { hostOf } from "./addresses.js";
import { attempt } from "./attempt.js";

const tag = document.currentScript || document.querySelector('script[src*="/attribution.js"]');
const said = attempt(() => tag.dataset, {});

// Where the script comes from, and where forms post to.
export const home = attempt(() => new URL(tag.src).origin, location.origin);

// Nothing is kept before LeadCapture.consent(true).
export const asksFirst = "consent" in said;

// All domains of one operator.
export const domains = ((said.domains || "").match(/[^\s,]+/g) || []).map((domain) => hostOf("https://" + domain));

// A page in a frame keeps nothing: it asks the page around it.
// `top`: a page may have a variable called `parent`.
export const isFramed = top !== window;
