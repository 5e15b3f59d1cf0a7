/*
 * Where visitors came from, remembered for the forms that post to this service.
 *
 *   <script src="https://leads.example.com/attribution.js" defer></script>
 *
 * It keeps two visits in first-party cookies for 90 days, lc_first and lc_last, each percent-encoded
 * JSON {u: address, r: referrer, t: unix seconds}; where cookies are refused, in localStorage. The
 * landing page of this visit stays in sessionStorage. Forms whose action is /f/... on the script's
 * own origin get hidden inputs: lc_landing_url lc_page_url lc_referrer lc_first lc_last lc_key.
 * A page that posts by script asks LeadCapture.fields(). Nothing here ever throws into the page.
 */
(() => {
  "use strict";

  const DAYS_90 = 7776000; // seconds, as the service reads them
  const COOKIE_MAX = 3800; // characters; browsers stop at 4096 bytes with the name and its attributes
  const TAGS = /[?&#;](?:utm_?\w+|(?:mtm|pk)_\w+|gclid|gbraid|wbraid|msclkid|li_fat_id|ttclid|twclid|epik|sccid|rdt_cid|yclid|dclid|tblci|dicbo|obclid|gad_source|gad_campaignid|fbclid|igshid|igsh|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|_kx|ck_subscriber_id|ml_subscriber(?:_hash)?|vero_id|irclickid|awc|cjevent)=[^&#]/i;
  // Visitors come back from these, they do not come from them: payment and sign-in pages.
  const NO_REFERRERS = "paypal.com stripe.com gocardless.com klarna.com worldpay.com opayo.co.uk sagepay.com adyen.com squareup.com accounts.google.com login.microsoftonline.com login.live.com appleid.apple.com auth0.com okta.com nexudus.com".split(" ");

  if (window.LeadCapture) return;

  const script = document.currentScript;
  const service = script && script.src ? new URL(script.src).origin : location.origin;

  // --- what a page must never notice ---

  const safely = (work) => (...given) => {
    try {
      return work(...given);
    } catch (error) {
      return undefined;
    }
  };

  // --- keeping ---

  const parse = safely((text) => JSON.parse(decodeURIComponent(text)));

  const readCookie = safely((name) => {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
    return found && found.slice(name.length + 1);
  });

  /** Set a cookie on the widest domain that takes it: browsers refuse those that belong to nobody. */
  const writeCookie = safely((name, value) => {
    const labels = location.hostname.split(".");
    const domains = labels.map((_, index) => labels.slice(index).join(".")).reverse().slice(1);
    const rest = `; Max-Age=${DAYS_90}; Path=/; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
    return [...domains.map((domain) => `; Domain=${domain}`), ""].some((domain) => {
      document.cookie = name + "=" + value + rest + domain;
      return readCookie(name) === value;
    });
  });

  const readStorage = safely((name) => localStorage.getItem(name));
  const writeStorage = safely((name, value) => localStorage.setItem(name, value));

  const isFresh = (touch) => touch && typeof touch.t === "number" && seconds() - touch.t <= DAYS_90;
  const recall = (name) => [readCookie(name), readStorage(name)].map(parse).find(isFresh);

  const keep = (name, touch) => {
    const value = encode(touch);
    if (!writeCookie(name, value)) writeStorage(name, value);
  };

  /** Percent-encoded JSON that fits into a cookie; what is cut off first is what says least. */
  const encode = (touch) => {
    const { u, r, t } = touch;
    const shorter = [[u, r], [u, origin(r)], [u.slice(0, 1000), origin(r)], [u.slice(0, 400), ""], ["", ""]];
    return shorter.map(([u, r]) => encodeURIComponent(JSON.stringify({ u, r, t }))).find((text) => text.length <= COOKIE_MAX);
  };

  const origin = (url) => /^[a-z-]+:\/\/[^/?#]*|/i.exec(url)[0];

  // --- this visit ---

  const seconds = () => Math.floor(Date.now() / 1000);
  const bare = (host) => host.toLowerCase().replace(/^www\./, "");
  const isUnder = (host, domain) => host === domain || host.endsWith("." + domain);

  const isExternal = (referrer) => {
    const host = bare((/^[a-z-]+:\/\/([^/?#:]+)/i.exec(referrer) || ["", ""])[1]);
    const own = bare(location.hostname);
    if (!host || isUnder(host, own) || isUnder(own, host)) return false;
    return !NO_REFERRERS.some((domain) => isUnder(host, domain));
  };

  const isInternal = (referrer) => referrer !== "" && !isExternal(referrer);
  const isTelling = (touch) => TAGS.test(touch.u) || isExternal(touch.r);

  const readVisit = safely(() => JSON.parse(sessionStorage.getItem("lc_visit")));
  const writeVisit = safely((visit) => sessionStorage.setItem("lc_visit", JSON.stringify(visit)));

  /** The first page of this visit. Links within the site never begin another, also when tagged. */
  const land = () => {
    const here = { u: location.href, r: document.referrer, t: seconds() };
    const visit = readVisit();
    const isSame = visit && (isInternal(here.r) || !isTelling(here) || (visit.u === here.u && visit.r === here.r));
    if (isSame) return visit;
    writeVisit(here);
    remember(here);
    return here;
  };

  const remember = (touch) => {
    const first = recall("lc_first");
    if (!first || (!isTelling(first) && isTelling(touch))) keep("lc_first", touch);
    if (isTelling(touch) && !isInternal(touch.r)) keep("lc_last", touch);
  };

  // --- forms ---

  let keys = new WeakMap(); // form -> the key of this view of it
  let pageKey = "";
  const sent = new WeakSet();

  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  const keyOf = (form) => {
    if (!form) return pageKey || (pageKey = newKey());
    if (!keys.has(form)) keys.set(form, newKey());
    return keys.get(form);
  };

  const told = (name) => {
    const touch = recall(name);
    return touch ? encode(touch) : "";
  };

  /** What a form should carry. form: whose key is wanted; without one it is the page's. */
  const fields = (form) => ({
    lc_landing_url: visit.u,
    lc_page_url: location.href,
    lc_referrer: visit.r,
    lc_first: told("lc_first"),
    lc_last: told("lc_last"),
    lc_key: keyOf(form),
  });

  const isOurs = (form, submitter) => {
    // An input named "action" hides the form's property, never its attribute.
    const action = (submitter && submitter.getAttribute("formaction")) || form.getAttribute("action") || "";
    const url = new URL(action, document.baseURI);
    return url.origin === service && /\/f\/[^/]+\/?$/.test(url.pathname);
  };

  const inputOf = (form, name) => {
    const found = form.querySelector(`input[name="${name}"]`);
    if (found) return found;
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    return form.appendChild(input);
  };

  const fill = safely((form, submitter) => {
    if (!isOurs(form, submitter)) return;
    Object.entries(fields(form)).forEach(([name, value]) => {
      const input = inputOf(form, name);
      if (input.value !== value) input.value = value;
    });
  });

  const fillAll = () => Array.from(document.forms).forEach((form) => fill(form));

  const onSubmit = safely((event) => {
    fill(event.target, event.submitter);
    sent.add(event.target);
  });

  /** Forms that scripts read or send without a submit event. */
  const onFormData = safely((event) => {
    if (!isOurs(event.target)) return;
    sent.add(event.target);
    Object.entries(fields(event.target)).forEach(([name, value]) => event.formData.set(name, value));
  });

  /** Whoever writes on after sending says something new: that is another enquiry, not a repeat. */
  const onInput = safely((event) => {
    const form = event.target.form || event.target;
    if (sent.delete(form) && keys.delete(form)) fill(form);
  });

  /** A page out of the back/forward cache is looked at anew. */
  const onPageShow = safely((event) => {
    if (!event.persisted) return;
    keys = new WeakMap();
    pageKey = "";
    fillAll();
  });

  let isFilling = false;
  const onAdded = safely(() => {
    if (isFilling) return;
    isFilling = true;
    setTimeout(safely(() => {
      isFilling = false;
      fillAll();
    }));
  });

  let visit = { u: location.href, r: document.referrer };

  safely(() => {
    visit = land();
    window.LeadCapture = Object.freeze({ fields: (form) => safely(fields)(form) || {} });
    document.addEventListener("submit", onSubmit, true);
    document.addEventListener("formdata", onFormData, true);
    document.addEventListener("input", onInput, true);
    document.addEventListener("reset", onInput, true);
    window.addEventListener("pageshow", onPageShow);
    document.addEventListener("DOMContentLoaded", fillAll);
    new MutationObserver((changes) => {
      if (changes.some((change) => Array.from(change.addedNodes).some((node) => node.nodeType === 1 && node.tagName !== "INPUT"))) onAdded();
    }).observe(document.documentElement, { childList: true, subtree: true });
    fillAll();
  })();
})();
