// Remembers how a visitor came and tells the forms that post to this service:
//
//   <script src="https://leads.example.com/attribution.js" defer></script>
//
// Two visits stay in first-party cookies for 90 days, lc_first and lc_last: percent-encoded JSON
// {u: url, r: referrer, t: unix seconds}. The landing page of this visit stays in sessionStorage. Forms
// whose action is /f/... where the script comes from get the hidden inputs lc_landing_url lc_page_url
// lc_referrer lc_first lc_last lc_key; a page that posts by fetch asks LeadCapture.fields().
//
// Comments stand on lines of their own: they and the indentation are left out where it is served.
(() => {
  "use strict";

  // Loaded twice.
  if (window.LeadCapture && window.LeadCapture.fields) return;

  const LIFETIME_S = 90 * 86400;
  const LONGEST_URL = 2000;
  // Two of them stay under 3.5 KB: servers refuse requests whose cookies are long.
  const LONGEST_TOUCH = 1700;
  // On a page that stays, a click after this is another enquiry.
  const SAME_CLICK_MS = 2000;
  const TAGS = "(?:utm|mtm|pk)[_+-]?(?:source|medium|campaign|content|term|keyword|kwd)";
  const CLICK_IDS =
    "gclid|gbraid|wbraid|msclkid|li_fat_id|ttclid|twclid|epik|sccid|rdt_cid|yclid|dclid|tblci|dicbo|obclid|" +
    "gad_source|gad_campaignid|fbclid|igshid|igsh|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|_kx|ck_subscriber_id|" +
    "ml_subscriber|ml_subscriber_hash|vero_id|irclickid|awc|cjevent";
  const TOLD_BY = new RegExp("(?:^|[?&#;])(?:" + TAGS + "|" + CLICK_IDS + ")=[^&#]", "i");
  const GO_BETWEENS =
    "paypal.com stripe.com gocardless.com klarna.com worldpay.com opayo.co.uk sagepay.com adyen.com squareup.com " +
    "accounts.google.com login.microsoftonline.com login.live.com appleid.apple.com auth0.com okta.com nexudus.com";

  // A page must never suffer from us: what fails is left out.
  const attempt = (action, otherwise) => {
    try {
      return action();
    } catch (error) {
      return otherwise;
    }
  };

  // ---- Where things are kept: cookies, else localStorage, else only this page ----

  const memory = {};

  const readCookie = (name) => {
    const found = document.cookie.match("(?:^|; )" + name + "=([^;]*)");
    return found ? found[1] : "";
  };

  const writeCookie = (name, text, domain, lifetimeS) => {
    document.cookie =
      name + "=" + text + "; path=/; max-age=" + lifetimeS + "; samesite=lax" +
      (domain ? "; domain=" + domain : "") + (location.protocol === "https:" ? "; secure" : "");
    return readCookie(name) === text;
  };

  // The widest domain that takes a cookie; "" where only the host itself does, or nothing.
  const widestDomain = () => {
    const host = location.hostname;
    if (/^[\d.]+$|:/.test(host)) return "";
    const labels = host.split(".");
    for (let count = 2; count <= labels.length; count++) {
      const domain = labels.slice(-count).join(".");
      if (writeCookie("lc_probe", "1", domain, 60)) {
        writeCookie("lc_probe", "", domain, 0);
        return domain;
      }
    }
    return "";
  };

  const site = attempt(widestDomain, "");

  const keep = (name, text) => {
    memory[name] = text;
    if (!attempt(() => writeCookie(name, text, site, LIFETIME_S), false)) {
      attempt(() => localStorage.setItem(name, text));
    }
  };

  const isFresh = (text) => {
    const ageS = Date.now() / 1000 - JSON.parse(decodeURIComponent(text)).t;
    return ageS < LIFETIME_S && ageS > -86400;
  };

  const recall = (name) =>
    [() => readCookie(name), () => localStorage.getItem(name), () => memory[name]]
      .map((read) => attempt(read, ""))
      .find((text) => text && attempt(() => isFresh(text), false)) || "";

  // ---- Visits ----

  const hostOf = (url) => {
    const found = /^(?:https?|android-app):\/\/(?:[^/?#\\]*@)?([^/?#\\:]+)/i.exec(url);
    return found ? found[1].toLowerCase().replace(/^www\.|\.$/g, "") : "";
  };

  const isUnder = (host, domain) => host === domain || host.endsWith("." + domain);

  const isExternal = (referrer) => {
    const host = hostOf(referrer);
    const own = hostOf("https://" + (site || location.hostname));
    return (
      host.includes(".") && !/^[\d.]+$|\.local$/.test(host) && !isUnder(host, own) && !isUnder(own, host) &&
      !GO_BETWEENS.split(" ").some((domain) => isUnder(host, domain))
    );
  };

  const encode = (touch) =>
    encodeURIComponent(JSON.stringify(touch)).replace(/%(?:2F|3A|3D|3F)/g, decodeURIComponent);

  // Page and telling parameters only.
  const essence = (url) => {
    const address = url.split(/[?#]/)[0];
    const telling = url.slice(address.length).split(/[?#&]/).filter((pair) => TOLD_BY.test(pair));
    return address + "?" + telling.join("&");
  };

  const cut = (url) => (url.length > LONGEST_URL ? essence(url).slice(0, LONGEST_URL) : url);

  // {u: url, r: referrer, t: unix seconds} as percent-encoded JSON, with what fits.
  const pack = (visit, t) => {
    let text = encode({ u: visit.landing, r: visit.referrer, t });
    for (let length = LONGEST_URL; text.length > LONGEST_TOUCH; length -= 100) {
      text = encode({ u: essence(visit.landing).slice(0, length), r: visit.referrer.slice(0, length / 4), t });
    }
    return text;
  };

  const rememberVisit = (visit) => {
    const touch = pack(visit, Math.floor(Date.now() / 1000));
    keep("lc_last", touch);
    if (!recall("lc_first")) keep("lc_first", touch);
  };

  const currentVisit = () => {
    const here = { landing: cut(location.href), referrer: cut(document.referrer) };
    const hasEvidence = TOLD_BY.test(here.landing) || isExternal(here.referrer);
    const known = hasEvidence ? null : attempt(() => JSON.parse(sessionStorage.getItem("lc_visit")), null);
    if (known && known.landing) return known;
    attempt(() => sessionStorage.setItem("lc_visit", JSON.stringify(here)));
    if (hasEvidence) attempt(() => rememberVisit(here));
    return here;
  };

  const visit = attempt(currentVisit, { landing: "", referrer: "" });

  // ---- The key of one view of a form: the same for a double click, another for a second enquiry ----

  // Form, or `page` for what the page posts by itself -> key.
  let keys = new WeakMap();
  const page = {};
  let sent = new WeakSet();

  const keyOf = (form) => {
    if (!keys.has(form)) keys.set(form, crypto.getRandomValues(new Uint32Array(4)).join("-"));
    return keys.get(form);
  };

  const renewKey = (form) => {
    sent.delete(form);
    keys.delete(form);
    if (form !== page) attempt(() => fill(form));
  };

  // `stays` is asked later, when the page's own handlers have had their say: where the browser leaves for
  // a slow answer, an impatient second click is still the same enquiry.
  const useKey = (form, stays) => {
    if (sent.has(form)) return;
    sent.add(form);
    setTimeout(() => stays() && renewKey(form), SAME_CLICK_MS);
  };

  // ---- Forms ----

  const script = document.currentScript || document.querySelector('script[src*="/attribution.js"]');
  const home = attempt(() => new URL(script.src).origin, location.origin);

  const values = (form) => ({
    lc_landing_url: visit.landing,
    lc_page_url: cut(location.href),
    lc_referrer: visit.referrer,
    lc_first: recall("lc_first"),
    lc_last: recall("lc_last"),
    lc_key: keyOf(form),
  });

  // getAttribute: a field named "action" hides form.action.
  const told = (name, form, button) => (button && button.getAttribute("form" + name)) || form.getAttribute(name);

  const isOurs = (form, button) => {
    const url = new URL(told("action", form, button) || location.href, document.baseURI);
    return url.origin === home && url.pathname.startsWith("/f/");
  };

  const hiddenInput = (form, name) => {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    return form.appendChild(input);
  };

  const fill = (form) => {
    for (const [name, value] of Object.entries(values(form))) {
      const present = form.querySelectorAll('input[name="' + name + '"]');
      for (const input of present.length ? present : [hiddenInput(form, name)]) input.value = value;
    }
  };

  const fillForms = () => {
    for (const form of document.querySelectorAll("form")) attempt(() => isOurs(form) && fill(form));
  };

  // ---- What happens on the page ----

  const listen = (type, handle) => addEventListener(type, (event) => attempt(() => handle(event)), true);

  listen("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!isOurs(form, button)) return;
    fill(form);
    const target = told("target", form, button) || "_self";
    useKey(form, () => event.defaultPrevented || target !== "_self");
  });

  // A script reads the form, with or without a submit event.
  listen("formdata", (event) => {
    const form = event.target;
    if (!isOurs(form)) return;
    for (const [name, value] of Object.entries(values(form))) event.formData.set(name, value);
    useKey(form, () => true);
  });

  // Whoever writes on after sending says something new.
  listen("input", (event) => sent.has(event.target.form) && renewKey(event.target.form));

  // Back out of the browser's cache: every form is viewed anew.
  listen("pageshow", (event) => {
    if (!event.persisted) return;
    keys = new WeakMap();
    sent = new WeakSet();
    fillForms();
  });

  const hasForm = (node) => node.nodeType === 1 && (node.matches("form") || node.querySelector("form"));

  const watch = () => {
    fillForms();
    new MutationObserver((changes) =>
      attempt(() => changes.some((change) => Array.from(change.addedNodes).some(hasForm)) && fillForms())
    ).observe(document.documentElement, { childList: true, subtree: true });
  };

  // Not earlier: a form still being read may bring hidden inputs of its own.
  if (document.readyState === "loading") listen("DOMContentLoaded", watch);
  else attempt(watch);

  // For pages that post by fetch: merge these into the body.
  window.LeadCapture = {
    fields: () => {
      useKey(page, () => true);
      return attempt(() => values(page), {});
    },
  };
})();
