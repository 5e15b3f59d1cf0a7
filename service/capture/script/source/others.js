// Empty hidden fields of other people's forms. A field that has a value or is visible is never changed.

import { meaningOf } from "./meanings.js";
import { answersOf, facts } from "./tags.js";

// A page that redraws its fields whenever one is filled in must not loop for ever.
const MAX_NOTICES = 50;

// Input -> what we wrote into it.
const written = new WeakMap();
let notices = 0;

// HubSpot's forms are made with React and send the values of their own state, not those in the page. The attribute is
// set, which is the value of a hidden input: React would mistake a change of the property for its own.
const write = (input, value) => {
  written.set(input, value);
  input.setAttribute("value", value);
  if (!input._valueTracker || notices++ >= MAX_NOTICES) return;
  for (const type of ["input", "change"]) input.dispatchEvent(new Event(type, { bubbles: true }));
};

export const fillField = (input) => {
  if (input.localName !== "input" || input.type !== "hidden" || !input.form) return;
  if (input.value && input.value !== written.get(input)) return;
  const meaning = meaningOf(input.name) || meaningOf(input.id);
  // In a sign-in form, the referrer is the page to continue with.
  if (!meaning || (meaning === "referrer" && input.form.querySelector("[type=password]"))) return;
  const value = answersOf(facts())[meaning] || "";
  if (value !== input.value) write(input, value);
};
