// The options that the page sets on the script's tag:
//
//   <script src="https://leads.example.com/attribution.js" data-consent data-domains="one.com two.org" defer>

import { hostOf } from "./addresses.js";
import { attempt } from "./attempt.js";

const tag = document.currentScript || document.querySelector('script[src*="/attribution.js"]');
const options = attempt(() => tag.dataset, {});

// The origin of the script, to which forms post.
export const home = attempt(() => new URL(tag.src).origin, location.origin);

// Nothing is stored before LeadCapture.consent(true).
export const needsConsent = "consent" in options;

export const listed = (text) => ((text || "").match(/[^\s,]+/g) || []).map((domain) => hostOf("https://" + domain));

// All domains of one operator.
export const domains = listed(options.domains);

// A page in a frame stores nothing: it asks the page around it.
// `top`: a page may have a variable called `parent`.
export const isFramed = top !== window;

// The second file is for pages with data-domains or data-widgets, other people's forms, or iframes.
export const needsMore = "widgets" in options || "domains" in options;

let isLoaded;

// The page may load it with its own tag.
export const loadMore = () => {
  if (isLoaded) return;
  isLoaded = true;
  if (document.querySelector('script[src*="-more.js"]')) return;
  const script = document.createElement("script");
  script.src = tag.src.replace(".js", "-more.js");
  script.nonce = tag.nonce;
  document.head.appendChild(script);
};
