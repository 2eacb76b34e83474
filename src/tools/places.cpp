#include "tools/time_zone.h"
#include "tools/words.h"
#include "tools/world.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

namespace coda::tools {
namespace {

// Zones by the places people name; a place in several zones ("Russia") is not listed, and so not answered.
struct Entry {
    std::string_view zone;
    std::string_view places;  // separated by '|'; the spelling that replies use
};
constexpr std::array kEntries = {
    Entry{"America/New_York",
          "New York|New York City|NYC|Manhattan|Brooklyn|Boston|Washington|Washington "
          "DC|Philadelphia|Miami|Atlanta|Detroit|Orlando|Pittsburgh|Cleveland|Baltimore|Charlotte|Florida|"
          "Georgia|Massachusetts|Virginia|Ohio|Pennsylvania|New "
          "Jersey|Maine|Vermont|Connecticut|Maryland|North Carolina|South Carolina|the East Coast|Eastern "
          "time"},
    Entry{"America/Chicago",
          "Chicago|Houston|Dallas|Austin|San Antonio|New Orleans|Memphis|Nashville|Minneapolis|Milwaukee|St "
          "Louis|Kansas City|Oklahoma "
          "City|Illinois|Wisconsin|Minnesota|Iowa|Missouri|Louisiana|Alabama|Arkansas|Mississippi|Oklahoma|"
          "Central time"},
    Entry{"America/Denver",
          "Denver|Salt Lake City|Albuquerque|Boulder|Colorado|Utah|New Mexico|Wyoming|Montana|Mountain time"},
    Entry{"America/Phoenix", "Phoenix|Tucson|Arizona"},
    Entry{"America/Los_Angeles",
          "Los Angeles|LA|San Francisco|Seattle|San Diego|Portland|Las Vegas|Sacramento|San "
          "Jose|Oakland|California|Washington State|Nevada|Silicon Valley|Hollywood|the West Coast|Pacific "
          "time"},
    Entry{"America/Anchorage", "Anchorage|Alaska"},
    Entry{"Pacific/Honolulu", "Honolulu|Hawaii"},
    Entry{"America/Toronto", "Toronto|Ottawa|Montreal|Quebec|Ontario"},
    Entry{"America/Winnipeg", "Winnipeg|Manitoba"},
    Entry{"America/Edmonton", "Edmonton|Calgary|Alberta"},
    Entry{"America/Vancouver", "Vancouver|British Columbia"},
    Entry{"America/Halifax", "Halifax|Nova Scotia"},
    Entry{"America/St_Johns", "Newfoundland"},
    Entry{"America/Mexico_City", "Mexico City|Guadalajara"},
    Entry{"America/Sao_Paulo", "Sao Paulo|São Paulo|Rio de Janeiro|Rio|Brasilia"},
    Entry{"America/Argentina/Buenos_Aires", "Buenos Aires|Argentina"},
    Entry{"America/Bogota", "Bogota|Bogotá|Colombia"},
    Entry{"America/Lima", "Lima|Peru"},
    Entry{"America/Caracas", "Caracas|Venezuela"},
    Entry{"America/Havana", "Havana|Cuba"},
    Entry{"America/Jamaica", "Jamaica|Kingston"},
    Entry{"America/Panama", "Panama"},
    Entry{"America/Costa_Rica", "Costa Rica"},
    Entry{"Europe/London",
          "London|England|Scotland|Wales|Great Britain|Britain|the UK|UK|the United "
          "Kingdom|Manchester|Edinburgh|Glasgow|Liverpool|Birmingham|Oxford|Cambridge"},
    Entry{"Europe/Dublin", "Dublin|Ireland"},
    Entry{"Europe/Lisbon", "Lisbon|Porto"},
    Entry{"Europe/Madrid", "Madrid|Barcelona|Seville|Valencia"},
    Entry{"Europe/Paris", "Paris|France|Lyon|Marseille|Nice|Toulouse"},
    Entry{"Europe/Brussels", "Brussels|Belgium|Antwerp"},
    Entry{"Europe/Amsterdam", "Amsterdam|the Netherlands|Netherlands|Holland|Rotterdam|The Hague"},
    Entry{"Europe/Berlin", "Berlin|Germany|Munich|Hamburg|Frankfurt|Cologne|Stuttgart|Dresden|Leipzig"},
    Entry{"Europe/Zurich", "Zurich|Zürich|Switzerland|Geneva|Basel|Bern"},
    Entry{"Europe/Vienna", "Vienna|Austria|Salzburg"},
    Entry{"Europe/Rome", "Rome|Italy|Milan|Naples|Venice|Florence|Turin"},
    Entry{"Europe/Prague", "Prague|Czechia|the Czech Republic"},
    Entry{"Europe/Warsaw", "Warsaw|Poland|Krakow"},
    Entry{"Europe/Budapest", "Budapest|Hungary"},
    Entry{"Europe/Copenhagen", "Copenhagen|Denmark"},
    Entry{"Europe/Stockholm", "Stockholm|Sweden|Gothenburg"},
    Entry{"Europe/Oslo", "Oslo|Norway|Bergen"},
    Entry{"Europe/Helsinki", "Helsinki|Finland"},
    Entry{"Atlantic/Reykjavik", "Reykjavik|Iceland"},
    Entry{"Europe/Athens", "Athens|Greece"},
    Entry{"Europe/Bucharest", "Bucharest|Romania"},
    Entry{"Europe/Sofia", "Sofia|Bulgaria"},
    Entry{"Europe/Belgrade", "Belgrade|Serbia"},
    Entry{"Europe/Zagreb", "Zagreb|Croatia"},
    Entry{"Europe/Kyiv", "Kyiv|Kiev|Ukraine"},
    Entry{"Europe/Istanbul", "Istanbul|Turkey|Ankara"},
    Entry{"Europe/Moscow", "Moscow|Saint Petersburg"},
    Entry{"Africa/Cairo", "Cairo|Egypt"},
    Entry{"Africa/Lagos", "Lagos|Nigeria"},
    Entry{"Africa/Nairobi", "Nairobi|Kenya"},
    Entry{"Africa/Johannesburg", "Johannesburg|Cape Town|South Africa|Durban|Pretoria"},
    Entry{"Africa/Casablanca", "Casablanca|Morocco|Marrakesh"},
    Entry{"Africa/Accra", "Accra|Ghana"},
    Entry{"Africa/Addis_Ababa", "Addis Ababa|Ethiopia"},
    Entry{"Asia/Jerusalem", "Jerusalem|Tel Aviv|Israel"},
    Entry{"Asia/Dubai", "Dubai|Abu Dhabi|the Emirates|the United Arab Emirates"},
    Entry{"Asia/Riyadh", "Riyadh|Saudi Arabia|Mecca"},
    Entry{"Asia/Qatar", "Qatar|Doha"},
    Entry{"Asia/Tehran", "Tehran|Iran"},
    Entry{"Asia/Baghdad", "Baghdad|Iraq"},
    Entry{"Asia/Karachi", "Karachi|Pakistan|Lahore|Islamabad"},
    Entry{"Asia/Kolkata", "India|Delhi|New Delhi|Mumbai|Bombay|Bangalore|Kolkata|Calcutta|Chennai|Hyderabad"},
    Entry{"Asia/Kathmandu", "Kathmandu|Nepal"},
    Entry{"Asia/Colombo", "Colombo|Sri Lanka"},
    Entry{"Asia/Dhaka", "Dhaka|Bangladesh"},
    Entry{"Asia/Bangkok", "Bangkok|Thailand|Phuket"},
    Entry{"Asia/Ho_Chi_Minh", "Vietnam|Hanoi|Saigon|Ho Chi Minh City"},
    Entry{"Asia/Singapore", "Singapore"},
    Entry{"Asia/Kuala_Lumpur", "Kuala Lumpur|Malaysia"},
    Entry{"Asia/Jakarta", "Jakarta"},
    Entry{"Asia/Makassar", "Bali"},
    Entry{"Asia/Manila", "Manila|the Philippines|Philippines"},
    Entry{"Asia/Hong_Kong", "Hong Kong"},
    Entry{"Asia/Shanghai", "China|Beijing|Shanghai|Shenzhen|Guangzhou"},
    Entry{"Asia/Taipei", "Taipei|Taiwan"},
    Entry{"Asia/Seoul", "Seoul|South Korea|Korea|Busan"},
    Entry{"Asia/Tokyo", "Tokyo|Japan|Osaka|Kyoto|Hiroshima"},
    Entry{"Australia/Sydney", "Sydney|Canberra|New South Wales"},
    Entry{"Australia/Melbourne", "Melbourne|Victoria"},
    Entry{"Australia/Brisbane", "Brisbane|Queensland"},
    Entry{"Australia/Adelaide", "Adelaide"},
    Entry{"Australia/Perth", "Perth|Western Australia"},
    Entry{"Australia/Darwin", "Darwin"},
    Entry{"Australia/Hobart", "Hobart|Tasmania"},
    Entry{"Pacific/Auckland", "Auckland|New Zealand|Wellington|Christchurch"},
    Entry{"Pacific/Fiji", "Fiji"},
    Entry{"UTC", "UTC|Greenwich mean time|GMT"},
};

std::string key_of(std::string_view name) {
    std::string key;
    for (const std::string& word : phrase_words(name))
        if (word != "the") key += (key.empty() ? "" : " ") + word;
    return key;
}

const std::unordered_map<std::string, Place>& places() {
    static const std::unordered_map<std::string, Place> kPlaces = [] {
        std::unordered_map<std::string, Place> out;
        for (const Entry& entry : kEntries)
            for (std::string_view rest = entry.places; !rest.empty();) {
                const size_t bar = std::min(rest.find('|'), rest.size());
                const std::string_view name = rest.substr(0, bar);
                out.emplace(key_of(name), Place{std::string(name), std::string(entry.zone)});
                rest.remove_prefix(std::min(bar + 1, rest.size()));
            }
        return out;
    }();
    return kPlaces;
}

}  // namespace

std::optional<Place> find_place(std::span<const std::string> words) {
    std::string key;
    for (const std::string& word : words)
        if (word != "the" && word != "city") key += (key.empty() ? "" : " ") + word;
    const auto found = places().find(key);
    if (found != places().end()) return found->second;
    key.clear();
    for (const std::string& word : words)
        if (word != "the") key += (key.empty() ? "" : " ") + word;
    const auto whole = places().find(key);
    if (whole != places().end()) return whole->second;
    // Short names of cities are words, too: "Man", "Ho".
    const City* city = key.size() > 3 ? find_city(words) : nullptr;
    return city ? std::optional(Place{std::string(city->name), std::string(city->zone)}) : std::nullopt;
}

}  // namespace coda::tools
