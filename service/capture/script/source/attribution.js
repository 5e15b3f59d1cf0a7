// Remembers how a visitor came, and adds that to the forms that post to this service. Begin reading here.
//
//   visits.js    how they came: this visit, and the first and the last touch
//   keeping.js   cookies, else localStorage; nothing without consent
//   forms.js     hidden inputs: lc_landing_url lc_page_url lc_referrer lc_first lc_last lc_key
//   keys.js      one key for one view of a form
//   watching.js  forms added later, shadow roots, single-page sites
//   frames.js    in an iframe, the page around it provides the facts
//   arriving.js  touches from another domain of the same operator
//
// ES2017 without eval, innerHTML or styles, for pages with a strict CSP. `make script` bundles the files.

import { attempt } from "./attempt.js";
import { fill, useKey, values } from "./forms.js";
import { facts, watchFrames } from "./frames.js";
import { setConsent, startKeeping } from "./keeping.js";
import { page } from "./keys.js";
import { takeTouches } from "./arriving.js";
import { beginVisit } from "./visits.js";
import { onChange, watchPage } from "./watching.js";

const start = () => {
  const [first, last] = attempt(takeTouches, []);
  const address = location.href;
  const begin = () => attempt(() => beginVisit(address, first, last));

  startKeeping();
  begin();
  window.LeadCapture = {
    // For more.js.
    facts,
    fill,
    // For pages that post by fetch: merge these into the body.
    fields: () => {
      const fields = attempt(() => values(page), {});
      useKey(page, () => true);
      return fields;
    },
    // true: the visitor agrees that visits are stored. false: everything stored is deleted.
    consent: (given) =>
      attempt(() => {
        setConsent(given);
        begin();
        onChange();
      }),
  };

  attempt(watchPage);
  watchFrames(onChange);
};

// Loaded twice?
if (!attempt(() => LeadCapture.fields)) attempt(start);
