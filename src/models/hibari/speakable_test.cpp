#include "models/hibari/speakable.h"

#include "models/hibari/text/unicode.h"

#include <algorithm>
#include <chrono>
#include <random>

#include <gtest/gtest.h>

namespace coda::models::hibari {
namespace {

struct Case {
    const char* written;
    const char* spoken;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.written;
}

class Speakable : public testing::TestWithParam<Case> {};

TEST_P(Speakable, ReadsAsWritten) {
    EXPECT_EQ(speakable(GetParam().written), GetParam().spoken);
}

INSTANTIATE_TEST_SUITE_P(
    Plain, Speakable,
    testing::Values(Case{"", ""}, Case{"Hello there.", "Hello there."},
                    Case{"She said, \"I don't know,\" and left.", "She said, \"I don't know,\" and left."},
                    Case{"It costs $5.20 (or £4.10).", "It costs $5.20 (or £4.10)."},
                    Case{"Wait — what? No...", "Wait — what? No..."},
                    Case{"50% of 1,234 is 617.", "50% of 1,234 is 617."},
                    Case{"AT&T and R&D.", "AT&T and R&D."},
                    Case{"The 1990s and the '90s.", "The 1990s and the '90s."},
                    Case{"The 5 W's and a 30s clip.", "The 5 W's and a 30s clip."},
                    Case{"Meet at 9:30am on 10/12/2019.", "Meet at 9:30am on 10/12/2019."}));

INSTANTIATE_TEST_SUITE_P(
    Blocks, Speakable,
    testing::Values(Case{"# Heading\nText", "Heading.\nText"}, Case{"## Is it so? ##\n", "Is it so?"},
                    Case{"### 1. What is it?\nThis.", "1, What is it?\nThis."},
                    Case{"- first\n- second,\n- third!", "first.\nsecond,\nthird!"},
                    Case{"* a thing\n  + nested", "a thing.\nnested."},
                    Case{"1. One\n2) Two", "1, One.\n2, Two."},
                    Case{"- [x] done\n- [ ] open", "done.\nopen."},
                    Case{"> quoted\n>> deeper", "quoted.\ndeeper."},
                    Case{"| Name | Age |\n|---|:-:|\n| Ann | 30 |", "Name, Age.\nAnn, 30."},
                    Case{"Before\n```cpp\nint x = 1;\n```\nAfter", "Before\nAfter"},
                    Case{"Open fence\n~~~\ncode forever", "Open fence"}, Case{"a\n\n---\n\n***\n\nb", "a\nb"},
                    Case{"Title\n=====\nText", "Title\nText"}, Case{"[1]: https://example.com\nText", "Text"},
                    Case{"A line that an editor wrapped somewhere near its\nend goes on here.",
                         "A line that an editor wrapped somewhere near its end goes on here."},
                    Case{"One.\nTwo.", "One.\nTwo."}));

INSTANTIATE_TEST_SUITE_P(
    Inline, Speakable,
    testing::Values(
        Case{"**bold**, *italic*, ***both*** and ~~gone~~", "bold, italic, both and gone"},
        Case{"__bold__ and _italic_", "bold and italic"}, Case{"snake_case_name", "snake case name"},
        Case{"Use `git push` now", "Use git push now"}, Case{"[text](https://x.org/y?z=1)", "text"},
        Case{"![a cat](cat.png) sits", "a cat sits"}, Case{"[![badge](a.svg)](b)", "badge"},
        Case{"[text][ref] and note[^1]", "text and note"}, Case{"So it is [1], [2, 3].", "So it is."},
        Case{"<b>bold</b> &amp; <i>more</i>", "bold & more"}, Case{"one<br>two", "one\ntwo"},
        Case{"<https://example.com>", "example dot com"}, Case{"&#8364;5 &#x41;", "€5 A"},
        Case{"$\\frac{1}{2}$ of it", "1 over 2 of it"}, Case{"$x^2$ and \\(y\\)", "x squared and y"},
        Case{"$$E = mc^2$$", "E = mc squared"}, Case{"It is $5 and $6 today.", "It is $5 and $6 today."},
        Case{"2 * 3, 2*3, a*b, 2**3", "2 times 3, 2 times 3, a times b, 2 to the power of 3"}));

INSTANTIATE_TEST_SUITE_P(
    Addresses, Speakable,
    testing::Values(Case{"See https://www.example.com/a/b?c=d#e.", "See example dot com."},
                    Case{"https://example.com/docs/intro", "example dot com slash docs slash intro"},
                    Case{"See http://a-b.co.uk:8080/x1/y", "See a dash b dot co dot UK"},
                    Case{"Visit example.org, now", "Visit example dot org, now"},
                    Case{"mail jo.doe+x@mail.example.com",
                         "mail jo dot doe plus x at mail dot example dot com"},
                    Case{"call +1 (555) 123-4567!", "call plus 1, 5 5 5, 1 2 3, 4 5 6 7!"},
                    Case{"call 555-1234.", "call 5 5 5, 1 2 3 4."},
                    Case{"+44 20 7946 0958", "plus 4 4, 2 0, 7 9 4 6, 0 9 5 8"},
                    Case{"ISBN 978-3-16-148410-0", "ISBN 9 7 8, 3, 1 6, 1 4 8 4 1 0, 0"},
                    Case{"at 192.168.0.1", "at 192 dot 168 dot 0 dot 1"},
                    Case{"v1.2.3", "version 1 point 2 point 3"},
                    Case{"Edit config.yaml in /usr/local/etc", "Edit config dot yaml in usr local etc"},
                    Case{"thanks @anna", "thanks at anna"}));

INSTANTIATE_TEST_SUITE_P(
    Quantities, Speakable,
    testing::Values(
        Case{"at 14:30 and 09:00", "at 2:30 PM and 9 AM"}, Case{"9:00–17:00", "9:00 to 5 PM"},
        Case{"9am–5pm", "9am to 5pm"}, Case{"16:9", "16 to 9"}, Case{"Tue, 5 March", "Tuesday, 5 March"},
        Case{"a 15.6\" display", "a 15.6 inches display"},
        Case{"He said \"take 5\" twice.", "He said \"take 5\" twice."},
        Case{"1.5M users, 300K", "1.5 million users, 300 thousand"},
        Case{"2 x 3 x 4 cm", "2 by 3 by 4 centimeters"},
        Case{"2024-03-05T14:30:00Z", "2024-03-05, 2:30 PM UTC"}, Case{"on 12.03.2024", "on 12 March 2024"},
        Case{"in 2024-05", "in May 2024"}, Case{"5–10 km/h", "5 to 10 kilometers per hour"},
        Case{"10-15%", "10 to 15%"}, Case{"1.5-2.5 GB", "1.5 to 2.5 gigabytes"},
        Case{"1939–1945", "1939 to 1945"}, Case{"20 °C or 68°F", "20 °C or 68°F"}, Case{"21℃", "21°C"},
        Case{"9.81 m/s²", "9.81 meters per second squared"},
        Case{"50 m² and 3 km", "50 square meters and 3 kilometers"},
        Case{"5 mg/dL", "5 milligrams per deciliter"}, Case{"1 GB", "1 gigabyte"},
        Case{"a 5-km run", "a 5 kilometer run"}, Case{"9.58 s", "9.58 seconds"},
        Case{"$5.5, $3bn, $250k", "$5.50, $3 billion, $250 thousand"}, Case{"5 € and €5,50", "€5 and €5.50"},
        Case{"$5-$10", "$5 to $10"}, Case{"£2–3 million", "£2 to £3 million"}, Case{"₽500", "500 rubles"},
        Case{"2½ cups", "2 and one half cups"}, Case{"1 1/2 cups", "1 and 1/2 cups"},
        Case{"8/10, 24/7", "8 out of 10, 24 7"}, Case{"5'10\" tall", "5 foot 10 tall"},
        Case{"10 - 3 = 7", "10 minus 3 = 7"}, Case{"8 / 2", "8 divided by 2"}, Case{"3 × 4", "3 times 4"},
        Case{"1920x1080", "1920 by 1080"}, Case{"10x faster", "10 times faster"},
        Case{"10^6 and 10⁻³", "10 to the power of 6 and 10 to the power of minus 3"},
        Case{"3e8", "3 times 10 to the power of 8"}, Case{"1 000 000", "1000000"},
        Case{"4111111111111111", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"}, Case{"~50 people", "about 50 people"},
        Case{"−5 degrees", "minus 5 degrees"}));

INSTANTIATE_TEST_SUITE_P(
    Signs, Speakable,
    testing::Values(Case{"😀 Great 🎉🎉 job! 👍🏽", "Great job!"},
                    Case{"👨‍👩‍👧‍👦🇫🇷1️⃣", "1"},
                    Case{"Fine :-) and ;)", "Fine and"}, Case{"C++ and C#", "C plus plus and C sharp"},
                    Case{"a -> b, c => d, e → f", "a to b, c to d, e to f"},
                    Case{"a != b", "a is not equal to b"}, Case{"x ≤ 5", "x is at most 5"},
                    Case{"α and π", "alpha and pi"}, Case{"Mon–Fri, A–Z", "Monday to Friday, A to Z"},
                    Case{"Привет hello 你好", "hello"}, Case{"Café Zoë, naïve", "Cafe Zoe, naive"},
                    Case{"ｆｕｌｌ ﬁne", "full fine"}, Case{"H₂O", "H2O"},
                    Case{"really?! wow!!!", "really? wow!"}, Case{"{a} [b] | c \\ d ` e", "a b, c d e"},
                    Case{"e.g. this, i.e. that, etc.", "for example this, that is that, et cetera."},
                    Case{"😀", ""}, Case{"...", ""}, Case{"#$%^&*", ""}, Case{"* * *", ""},
                    Case{"a\x80\xff b\xc3", "a b"},
                    Case{"zero\u200bwidth and soft\u00adhyphen", "zerowidth and softhyphen"}));

// What no text may ever leave behind: symbols that the voice would name or stumble over.
void expect_sayable(const std::string& spoken) {
    EXPECT_EQ(spoken.find_first_of("*_`~|{}[]\\^"), std::string::npos) << spoken;
    EXPECT_EQ(spoken.find("```"), std::string::npos);
    for (const char32_t c : decode_utf8(spoken)) {
        EXPECT_TRUE(c == U'\n' || c >= U' ') << static_cast<uint32_t>(c);
        EXPECT_NE(c, 0xFFFDu);
        EXPECT_TRUE(!is_alpha(c) || c < 0x250) << static_cast<uint32_t>(c);
    }
}

TEST(SpeakableText, AnyUnicodeLeavesOnlySayableText) {
    std::mt19937 random(7);
    const std::u32string marks =
        U"#*_`~|[](){}<>!-+=.,:;'\"/\\$%&@^0123456789abAB \n\t€£°²½–—…→😀é漢Ж\u0301\u200d\ufe0f";
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        const size_t length = random() % 120;
        for (size_t i = 0; i < length; ++i) {
            const auto kind = random() % 10;
            if (kind < 7) {
                append_utf8(text, marks[random() % marks.size()]);
            } else if (kind < 9) {
                append_utf8(text, random() % 0x11000);
            } else {
                text += static_cast<char>(random());
            }
        }
        SCOPED_TRACE(text);
        const std::string spoken = speakable(text);
        const Text once = decode_utf8(spoken);
        ASSERT_TRUE(std::none_of(once.begin(), once.end(), [](char32_t c) { return c == 0xFFFD; }));
        EXPECT_EQ(spoken.find_first_of("*_`|{}[]\\^"), std::string::npos) << spoken;
        if (testing::Test::HasFailure()) return;
    }
}

TEST(SpeakableText, LongTextsTakeLinearTime) {
    const char* patterns[] = {
        "[",     "![", "<",     "`",      "*",   "_",   "(",   "$",     "1",       "1-", "1.",
        "a.",    "a@", "#",     "\\",     "&",   "|",   ">",   "- ",    "http://", "1/", "[a](",
        "```\n", "1:", "5 km ", "1 000 ", "1\"", "(1)", "$5-", "a b. ", "x^"};
    for (const char* pattern : patterns) {
        std::string text;
        while (text.size() < 100'000) text += pattern;
        const auto start = std::chrono::steady_clock::now();
        const std::string spoken = speakable(text);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        EXPECT_LT(seconds.count(), 5.0) << pattern;  // quadratic time would take minutes
        expect_sayable(spoken.substr(0, 1000));
    }
}

}  // namespace
}  // namespace coda::models::hibari
