#include "models/hibari/text/scan.h"

namespace coda::models::hibari {

size_t number_end(TextView text, size_t i) {
    size_t end = digits_end(text, i);
    if (end == i) return i;
    while (at_or_nul(text, end) == U',' && digits_end(text, end + 1, 3) == end + 4) end += 4;
    if (at_or_nul(text, end) == U'.' && digit_at(text, end + 1)) end = digits_end(text, end + 1);
    return end;
}

size_t signed_number_end(TextView text, size_t i) {
    const size_t start = at_or_nul(text, i) == U'-' ? i + 1 : i;
    const size_t end = number_end(text, start);
    return end == start ? i : end;
}

int to_int(TextView digits) {
    int value = 0;
    for (const char32_t d : digits.substr(0, 9)) value = value * 10 + static_cast<int>(d - U'0');
    return value;
}

std::string to_ascii(TextView digits) {
    std::string out;
    for (const char32_t d : digits) out.push_back(static_cast<char>(d));
    return out;
}

Text from_ascii(std::string_view ascii) {
    return Text(ascii.begin(), ascii.end());
}

Text fold_spaces(TextView text) {
    Text out;
    out.reserve(text.size());
    for (const char32_t c : text) {
        if (!is_space(c)) {
            out.push_back(c);
        } else if (!out.empty() && out.back() != U' ') {
            out.push_back(U' ');
        }
    }
    if (!out.empty() && out.back() == U' ') out.pop_back();
    return out;
}

}  // namespace coda::models::hibari
