// The name of a hidden field -> its meaning. Names are folded as in the service: without case and punctuation, and
// without the words that form builders add (form_fields[utm_source], hidden-gclid, utm_term_2, 0-1/utm_source).

const PREFIXES =
  /^(wpcf7|sqf|hidden|form|fields?|input|your|lead|contact|tracking|attribution|custom|acf|utm(?=\w+clid))+/;
const SUFFIX = /(__c|[-_]?field|[-_]?\d+)$/;
const UTM = /utm(source|medium|campaign|content|term|keyword)(last|1st|first)?$/;
const FIRST = /^(first|1st|ft|initial|orig(inal)?)|(1st|first)$/;
const PAGE = /^(page|current|full|source|form|submission)ur[li]$|^page(location|href)$/;
const LANDING = /^(handl)?(landing|entry|entrance|(first|initial|original)(landing)?)(page(ur[li])?|ur[li])$/;
const REFERRER = /^(http|document|page|original|first|initial)?referr?er(ur[li])?$/;
const CLICK_IDS =
  "gclid gbraid wbraid msclkid li_fat_id ttclid twclid epik sccid rdt_cid yclid dclid tblci dicbo obclid gad_source " +
  "gad_campaignid fbclid igshid igsh mc_cid mc_eid _hsenc _hsmi mkt_tok _kx ck_subscriber_id ml_subscriber " +
  "ml_subscriber_hash vero_id irclickid awc cjevent";
const NETWORKS = { google: "gclid", facebook: "fbclid", tiktok: "ttclid", linkedin: "li_fat_id", microsoft: "msclkid" };

export const fold = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

// Folded name -> click id.
export const clickIds = new Map(CLICK_IDS.split(" ").map((name) => [fold(name), name]));

const clickIdOf = (folded) => {
  const network = /^(?:hs)?([a-z]+)clickid$/.exec(folded);
  return network ? NETWORKS[network[1]] : clickIds.get(folded);
};

const lastPart = (name) => name.split(/[^\w\s-]+/).filter((part) => /[a-z]/i.test(part)).pop() || "";

const lookUp = (name) => {
  const whole = fold(name.trim().toLowerCase().replace(SUFFIX, ""));
  const bare = whole.replace(PREFIXES, "");
  const utm = UTM.exec(bare);
  const is = (expression) => expression.test(whole) || expression.test(bare);
  return (
    (utm && (FIRST.test(bare) ? "first_" : "") + "utm_" + utm[1].replace("keyword", "term")) ||
    clickIdOf(whole) || clickIdOf(bare) ||
    (is(LANDING) && "landing_page") || (is(PAGE) && "page_url") || (is(REFERRER) && "referrer")
  );
};

// Returns a key of answersOf in tags.js; a falsy value for an unknown name.
export const meaningOf = (name) => {
  const plain = name.replace(/\(.*?\)/g, "");
  const part = lastPart(plain);
  return /^lc_(landing_url|page_url|referrer|first|last)$/.test(part) ? part : lookUp(plain) || lookUp(part);
};
