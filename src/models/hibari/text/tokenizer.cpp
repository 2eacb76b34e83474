#include "models/hibari/text/tokenizer.h"

#include "models/hibari/data/asset.h"
#include "models/hibari/text/scan.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace coda::models::hibari {

namespace {

constexpr TextView kQuotes = U"'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉";
constexpr TextView kPunctuation = U"…,:;!?¿¡()[]{}<>_#*&。？！，、；：～·";
constexpr TextView kIcons = U"™®©°§¶†‡•";
constexpr TextView kCurrencySigns = U"$£€¥฿₽₹₩₪₺₴₦₫₱₲₵₸₼₾₿";
constexpr std::array<TextView, 3> kDollars = {U"US$", U"C$", U"A$"};
constexpr std::array<TextView, 42> kUnits = {
    U"km",  U"km²",  U"km³", U"m",   U"m²", U"m³", U"dm",  U"dm²",  U"dm³", U"cm",  U"cm²",
    U"cm³", U"mm",   U"mm²", U"mm³", U"ha", U"µm", U"nm",  U"yd",   U"in",  U"ft",  U"kg",
    U"g",   U"mg",   U"µg",  U"t",   U"lb", U"oz", U"m/s", U"km/h", U"kmh", U"mph", U"hPa",
    U"Pa",  U"mbar", U"mb",  U"MB",  U"kb", U"KB", U"gb",  U"GB",   U"tb"};
constexpr std::array<TextView, 6> kShortUnits = {U"TB", U"T", U"G", U"M", U"K", U"%"};
constexpr std::array<TextView, 4> kPossessives = {U"'s", U"'S", U"’s", U"’S"};

bool ends_with(TextView text, TextView ending) {
    return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

size_t prefix_length(TextView text) {
    const char32_t c = text[0];
    if (c == U'+') return digit_at(text, 1) ? 0 : 1;
    if (contains(U"§%=—–", c) || contains(kPunctuation, c) || contains(kQuotes, c)) return 1;
    if (c == U'.') {
        const size_t dots = std::min(text.find_first_not_of(U'.'), text.size());
        return dots >= 2 ? dots : 0;
    }
    for (const TextView dollar : kDollars) {
        if (starts_at(text, 0, dollar)) return dollar.size();
    }
    return contains(kCurrencySigns, c) || contains(kIcons, c) ? 1 : 0;
}

// A full stop at the end is cut off after these, but stays with a single capital ("J.").
bool stop_comes_off_after(TextView stem) {
    if (stem.empty()) return false;
    const char32_t c = stem.back();
    if (is_ascii_digit(c) || is_latin_lower(c) || contains(U"%²-+", c)) return true;
    if (contains(kPunctuation, c) || contains(kQuotes, c)) return true;
    const size_t n = stem.size();
    if (n >= 2 && is_latin_upper(c) && is_latin_upper(stem[n - 2])) return true;
    return n >= 2 && contains(U"FfCcKk", c) && stem[n - 2] == U'°';
}

// The length of `ending` when it closes `text` right after a digit, else 0.
size_t after_digit(TextView text, TextView ending) {
    if (!ends_with(text, ending) || text.size() == ending.size()) return 0;
    return is_ascii_digit(text[text.size() - ending.size() - 1]) ? ending.size() : 0;
}

size_t suffix_after_digit(TextView text) {
    size_t longest = 0;
    const auto consider = [&](TextView ending) { longest = std::max(longest, after_digit(text, ending)); };
    consider(U"+");
    if (contains(kCurrencySigns, text.back())) consider(text.substr(text.size() - 1));
    for (const TextView dollar : kDollars) consider(dollar);
    for (const TextView unit : kUnits) consider(unit);
    for (const TextView unit : kShortUnits) consider(unit);
    return longest;
}

// Of several suffixes that fit the longest counts.
size_t suffix_length(TextView text) {
    if (text.empty()) return 0;
    const char32_t c = text.back();
    size_t longest = suffix_after_digit(text);
    if (contains(kPunctuation, c) || contains(kQuotes, c) || contains(kIcons, c) || c == U'—' || c == U'–') {
        longest = std::max<size_t>(longest, 1);
    }
    if (ends_with(text, U"……")) longest = std::max<size_t>(longest, 2);
    for (const TextView possessive : kPossessives) {
        if (ends_with(text, possessive)) longest = std::max(longest, possessive.size());
    }
    if (c == U'.') {
        const size_t last_other = text.find_last_not_of(U'.');
        const size_t dots = last_other == TextView::npos ? text.size() : text.size() - last_other - 1;
        if (dots >= 2) return std::max(longest, dots);
        if (stop_comes_off_after(text.substr(0, text.size() - 1))) longest = std::max<size_t>(longest, 1);
    }
    return longest;
}

bool letter_at(TextView text, size_t i) {
    return i < text.size() && is_letter(text[i]);
}

// A dash between a word and a letter: "-", "–", "—", "--", "---", "——", "~".
size_t dash_length(TextView text, size_t i) {
    constexpr std::array<TextView, 7> kDashes = {U"-", U"–", U"—", U"--", U"---", U"——", U"~"};
    for (const TextView dash : kDashes) {
        if (starts_at(text, i, dash) && letter_at(text, i + dash.size())) return dash.size();
    }
    return 0;
}

size_t infix_length(TextView text, size_t i) {
    const char32_t c = text[i];
    if (c == U'.' && at_or_nul(text, i + 1) == U'.') {
        return std::min(text.find_first_not_of(U'.', i), text.size()) - i;
    }
    if (c == U'…' || contains(kIcons, c)) return 1;
    if (i == 0) return 0;
    const char32_t before = text[i - 1], after = at_or_nul(text, i + 1);
    if (contains(U"+-*^", c) && is_ascii_digit(before) && (is_ascii_digit(after) || after == U'-')) return 1;
    if (c == U'.' && (is_latin_lower(before) || contains(kQuotes, before)) && i + 1 < text.size() &&
        (is_latin_upper(after) || contains(kQuotes, after))) {
        return 1;
    }
    if (c == U',' && is_letter(before) && letter_at(text, i + 1)) return 1;
    if (!is_alnum(before)) return 0;
    if (const size_t dash = dash_length(text, i)) return dash;
    return contains(U":<>=/", c) && letter_at(text, i + 1) ? 1 : 0;
}

bool starts_ignoring_case(TextView text, TextView lower_case) {
    return lower(text.substr(0, lower_case.size())) == lower_case;
}

bool is_web_address(TextView text) {
    for (const TextView scheme :
         {TextView(U"http://"), TextView(U"https://"), TextView(U"ftp://"), TextView(U"www.")}) {
        if (text.size() > scheme.size() && starts_ignoring_case(text, scheme)) return true;
    }
    return false;
}

// Parts of [\w-]+ with a point between; the number of parts, 0 when the text is not made so.
size_t dotted_parts(TextView text) {
    size_t parts = 0, length = 0;
    for (size_t i = 0; i <= text.size(); ++i) {
        if (i == text.size() || text[i] == U'.') {
            if (length == 0) return 0;
            ++parts;
            length = 0;
        } else if (is_word(text[i]) || text[i] == U'-') {
            ++length;
        } else {
            return 0;
        }
    }
    return parts;
}

bool is_mail_address(TextView text) {
    const size_t at = text.find(U'@');
    if (at == 0 || at == TextView::npos || dotted_parts(text.substr(at + 1)) < 2) return false;
    return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at),
                       [](char32_t c) { return is_word(c) || contains(U".+-", c); });
}

bool is_domain(TextView text) {
    constexpr std::array<TextView, 18> kTopLevel = {U"com", U"org", U"net", U"edu", U"gov",  U"io",
                                                    U"co",  U"uk",  U"de",  U"fr",  U"info", U"biz",
                                                    U"us",  U"ca",  U"au",  U"tv",  U"me",   U"ly"};
    const TextView host = text.substr(0, text.find(U'/'));
    if (dotted_parts(host) < 2) return false;
    const Text last = lower(host.substr(host.rfind(U'.') + 1));
    return last == U"ai" || std::find(kTopLevel.begin(), kTopLevel.end(), last) != kTopLevel.end();
}

bool is_address(TextView text) {
    return is_web_address(text) || is_mail_address(text) || is_domain(text);
}

}  // namespace

Result<Tokenizer> Tokenizer::parse(std::string_view text, const std::string& name) {
    CODA_TRY(const auto json, parse_json(text, name));
    Tokenizer out;
    for (const auto& [written, pieces] : json.items()) {
        std::vector<Text> texts;
        const auto is_piece = [](const auto& p) {
            return p.is_string() && !p.template get_ref<const std::string&>().empty();
        };
        if (!pieces.is_array() || pieces.empty() || !std::all_of(pieces.begin(), pieces.end(), is_piece)) {
            return bad_table(name, "\"" + written + "\" is not split into pieces");
        }
        for (const auto& piece : pieces)
            texts.push_back(decode_utf8(piece.template get_ref<const std::string&>()));
        Text key = decode_utf8(written);
        out.longest_special_ = std::max(out.longest_special_, key.size());
        out.special_.insert_or_assign(std::move(key), std::move(texts));
    }
    return out;
}

const std::vector<Text>* Tokenizer::special(TextView text) const {
    if (text.empty() || text.size() > longest_special_) return nullptr;
    const auto found = special_.find(text);
    return found == special_.end() ? nullptr : &found->second;
}

std::vector<Piece> Tokenizer::operator()(TextView text) const {
    std::vector<Piece> out;
    for (size_t at = 0; at < text.size();) {
        if (is_space(text[at])) {
            ++at;
            continue;
        }
        size_t end = at;
        while (end < text.size() && !is_space(text[end])) ++end;
        for (Text& piece : split(text.substr(at, end - at))) out.push_back({std::move(piece), false});
        out.back().space_after = end < text.size();
        at = end;
    }
    return out;
}

std::vector<Text> Tokenizer::split(TextView chunk) const {
    if (const auto* whole = special(chunk)) return *whole;
    std::vector<Text> front, back;
    TextView core = chunk;
    while (!core.empty() && special(core) == nullptr) {
        const size_t prefix = prefix_length(core);
        if (prefix > 0 && special(core.substr(prefix)) != nullptr) {
            front.emplace_back(core.substr(0, prefix));
            core.remove_prefix(prefix);
            break;
        }
        const size_t suffix = suffix_length(core.substr(prefix));
        if (suffix > 0 && special(core.substr(0, core.size() - suffix)) != nullptr) {
            back.emplace_back(core.substr(core.size() - suffix));
            core.remove_suffix(suffix);
            break;
        }
        if (prefix == 0 && suffix == 0) break;
        if (prefix > 0) front.emplace_back(core.substr(0, prefix));
        if (suffix > 0) back.emplace_back(core.substr(core.size() - suffix));
        core.remove_prefix(prefix);
        core.remove_suffix(suffix);
    }
    split_core(core, front);
    std::move(back.rbegin(), back.rend(), std::back_inserter(front));
    return front.size() > 1 ? rejoin(std::move(front)) : front;
}

void Tokenizer::split_core(TextView core, std::vector<Text>& out) const {
    if (core.empty()) return;
    if (const auto* pieces = special(core)) {
        out.insert(out.end(), pieces->begin(), pieces->end());
        return;
    }
    if (is_address(core)) {
        out.emplace_back(core);
        return;
    }
    size_t start = 0;
    for (size_t i = 0; i < core.size();) {
        const size_t length = infix_length(core, i);
        if (i > 0 && length > 0) {
            if (i > start) out.emplace_back(core.substr(start, i - start));
            out.emplace_back(core.substr(i, length));
            start = i + length;
        }
        i += std::max<size_t>(length, 1);
    }
    if (start < core.size()) out.emplace_back(core.substr(start));
}

std::vector<Text> Tokenizer::rejoin(std::vector<Text> pieces) const {
    std::vector<Text> out;
    out.reserve(pieces.size());
    for (size_t i = 0; i < pieces.size();) {
        const std::vector<Text>* joined = nullptr;
        size_t used = 1;
        for (const size_t k : {size_t{3}, size_t{2}}) {
            if (i + k > pieces.size()) continue;
            Text together;
            for (size_t j = i; j < i + k && together.size() <= longest_special_; ++j) together += pieces[j];
            joined = special(together);
            if (joined == nullptr) continue;
            used = k;
            break;
        }
        if (joined != nullptr) {
            out.insert(out.end(), joined->begin(), joined->end());
        } else {
            out.push_back(std::move(pieces[i]));
        }
        i += used;
    }
    return out;
}

}  // namespace coda::models::hibari
