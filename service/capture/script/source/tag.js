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

export const listed = (text) => ((text || "").match(/[^\s,]+/g) || []).map((domain) => hostOf("https://" + domain));

// All domains of one operator.
export const domains = listed(said.domains);

// A page in a frame keeps nothing: it asks the page around it.
// `top`: a page may have a variable called `parent`.
export const isFramed = top !== window;

// The second file is for pages that need it: with the domains or the widgets of the tag, other forms, iframes.
export const needsMore = "widgets" in said || "domains" in said;

let isLoaded;

// The page may have it by a tag of its own.
export const loadMore = () => {
  if (isLoaded) return;
  isLoaded = true;
  if (document.querySelector('script[src*="-more.js"]')) return;
  const script = document.createElement("script");
  script.src = tag.src.replace(".js", "-more.js");
  script.nonce = tag.nonce;
  document.head.appendChild(script);
};
