"""Countries and time zones, in the API's words: ISO 3166 two letters, and Windows names for zones."""

from service.simulator.exchange import Record

COUNTRY_NAMES = {
    "GB": "United Kingdom",
    "US": "United States",
    "IE": "Ireland",
    "NL": "Netherlands",
    "DE": "Germany",
    "FR": "France",
    "ES": "Spain",
    "PT": "Portugal",
    "IT": "Italy",
    "BE": "Belgium",
    "LU": "Luxembourg",
    "CH": "Switzerland",
    "AT": "Austria",
    "DK": "Denmark",
    "SE": "Sweden",
    "NO": "Norway",
    "FI": "Finland",
    "PL": "Poland",
    "CZ": "Czech Republic",
    "GR": "Greece",
    "RO": "Romania",
    "TR": "Turkey",
    "AE": "United Arab Emirates",
    "IL": "Israel",
    "ZA": "South Africa",
    "KE": "Kenya",
    "IN": "India",
    "SG": "Singapore",
    "HK": "Hong Kong",
    "JP": "Japan",
    "AU": "Australia",
    "NZ": "New Zealand",
    "CA": "Canada",
    "MX": "Mexico",
    "BR": "Brazil",
    "CO": "Colombia",
    "CL": "Chile",
}

ZONES = (
    ("UTC", 0, "(UTC) Coordinated Universal Time", "Etc/UTC"),
    ("GMT Standard Time", 0, "(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "Europe/London"),
    ("W. Europe Standard Time", 60, "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
    ("Romance Standard Time", 60, "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", "Europe/Paris"),
    ("Central European Standard Time", 60, "(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb", "Europe/Warsaw"),
    ("Central Europe Standard Time", 60, "(UTC+01:00) Belgrade, Bratislava, Budapest, Prague", "Europe/Budapest"),
    ("FLE Standard Time", 120, "(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius", "Europe/Kiev"),
    ("GTB Standard Time", 120, "(UTC+02:00) Athens, Bucharest", "Europe/Bucharest"),
    ("South Africa Standard Time", 120, "(UTC+02:00) Harare, Pretoria", "Africa/Johannesburg"),
    ("Israel Standard Time", 120, "(UTC+02:00) Jerusalem", "Asia/Jerusalem"),
    ("Turkey Standard Time", 180, "(UTC+03:00) Istanbul", "Europe/Istanbul"),
    ("E. Africa Standard Time", 180, "(UTC+03:00) Nairobi", "Africa/Nairobi"),
    ("Arabian Standard Time", 240, "(UTC+04:00) Abu Dhabi, Muscat", "Asia/Dubai"),
    ("India Standard Time", 330, "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "Asia/Calcutta"),
    ("Singapore Standard Time", 480, "(UTC+08:00) Kuala Lumpur, Singapore", "Asia/Singapore"),
    ("China Standard Time", 480, "(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", "Asia/Shanghai"),
    ("Tokyo Standard Time", 540, "(UTC+09:00) Osaka, Sapporo, Tokyo", "Asia/Tokyo"),
    ("AUS Eastern Standard Time", 600, "(UTC+10:00) Canberra, Melbourne, Sydney", "Australia/Sydney"),
    ("New Zealand Standard Time", 720, "(UTC+12:00) Auckland, Wellington", "Pacific/Auckland"),
    ("E. South America Standard Time", -180, "(UTC-03:00) Brasilia", "America/Sao_Paulo"),
    ("Eastern Standard Time", -300, "(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
    ("Central Standard Time", -360, "(UTC-06:00) Central Time (US & Canada)", "America/Chicago"),
    ("Mountain Standard Time", -420, "(UTC-07:00) Mountain Time (US & Canada)", "America/Denver"),
    ("Pacific Standard Time", -480, "(UTC-08:00) Pacific Time (US & Canada)", "America/Los_Angeles"),
)
"""Windows name, minutes from UTC, description, IANA name; the Id is the place in this list from 1."""

COUNTRIES: tuple[Record, ...] = tuple(
    {"Id": number, "Name": name, "TwoDigitsCode": code} for number, (code, name) in enumerate(COUNTRY_NAMES.items(), 1)
)

TIME_ZONES: tuple[Record, ...] = tuple(
    {"Id": number, "Name": name, "TimeOffset": minutes, "Description": said, "NameIana": iana}
    for number, (name, minutes, said, iana) in enumerate(ZONES, 1)
)

ID_OF_COUNTRY = {country["TwoDigitsCode"]: country["Id"] for country in COUNTRIES}
ID_OF_ZONE = {zone["Name"]: zone["Id"] for zone in TIME_ZONES}
