// The options on the tag of attribution.js, or on this file's own tag.

import { attempt } from "./attempt.js";

const first = document.querySelector('script[src*="attribution.js"]');

export const options = Object.assign({}, attempt(() => first.dataset), attempt(() => document.currentScript.dataset));
