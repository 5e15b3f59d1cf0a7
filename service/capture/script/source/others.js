// Empty hidden fields of other people's forms. A field with a value of its own is never changed, nor one that can
// be seen.

import { meaningOf } from "./meanings.js";
import { answersOf, facts } from "./tags.js";

// A page that draws its fields anew whenever one is filled in must not go on for ever.
const MAX_NOTICES = 50;

// Input -> what we wrote into it.
const written = new WeakMap();
let notices = 0;

// HubSpot's forms are made with React and send what they have heard of, not what stands in the page. By the
// attribute, which is the value of a hidden input: React would take its property for a change of its own.
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
  // Of a sign-in the referrer says where it leads on.
  if (!meaning || (meaning === "referrer" && input.form.querySelector("[type=password]"))) return;
  const value = answersOf(facts())[meaning] || "";
  if (value !== input.value) write(input, value);
};
