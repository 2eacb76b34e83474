// How much of tests/data/blind/utterances.tsv is heard: sentences that no pattern was written from, so nobody
// who writes patterns reads them. Prints the shares; fails when they fall below what docs/intents.md records.
#include "tools/recognizer.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>

namespace coda::tools {
namespace {

struct Row {
    std::string kind, intent, utterance;
};

std::vector<Row> read_rows() {
    std::ifstream in(CODA_SOURCE_DIR "/tests/data/blind/utterances.tsv");
    std::vector<Row> rows;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::vector<std::string> columns(1);
        for (const char c : line)
            if (c == '\t')
                columns.emplace_back();
            else
                columns.back().push_back(c);
        if (columns.size() == 4) rows.push_back({columns[0], columns[1], columns[3]});
    }
    return rows;
}

// What the set calls an intent of ours; several where one tool answers both.
std::set<std::string> blind_names(const Recognition& heard) {
    static const std::map<std::string, std::set<std::string>> kNames = {
        {"recall.list", {"list_facts"}},       {"identity", {"who_are_you"}},
        {"timer.set", {"set_timer"}},          {"timer.list", {"timer_left", "list_timers"}},
        {"timer.cancel", {"cancel_timer"}},    {"alarm.set", {"set_alarm"}},
        {"alarm.cancel", {"cancel_alarm"}},    {"reminder.set", {"set_reminder"}},
        {"reminder.list", {"list_reminders"}}, {"list.add", {"list_add"}},
        {"list.read", {"list_read"}},          {"list.remove", {"list_remove"}},
        {"list.clear", {"list_clear"}},        {"joke", {"tell_joke"}},
        {"tools", {"capabilities"}},
    };
    if (heard.name == "geography") {
        const std::string ask = heard.fixed_value("ask");
        return {ask == "is_capital" || ask == "capital_of_what" ? "capital"
                : ask == "is_neighbour"                         ? "neighbours"
                                                                : ask};
    }
    if (heard.name == "speech.volume") {
        const std::string change = heard.fixed_value("change");
        if (change == "louder") return {"louder", "volume_up"};
        if (change == "quieter") return {"quieter", "volume_down"};
        return {"set_volume"};
    }
    if (heard.name == "speech.pace") return {heard.fixed_value("change")};
    if (heard.name == "system.facts") {
        const std::string what = heard.fixed_value("what");
        return {what == "disk" ? "disk_space" : what == "battery" ? "battery" : "system_load"};
    }
    const auto known = kNames.find(heard.name);
    return known != kNames.end() ? known->second : std::set<std::string>{heard.name};
}

struct Count {
    size_t right = 0, all = 0;
    double share() const { return all ? 100.0 * static_cast<double>(right) / static_cast<double>(all) : 0; }
};

// BLIND=kind prints the misses of one kind, for the one who has finished writing patterns.
TEST(Blind, UtterancesAreHeard) {
    const Result<Recognizer> recognizer = Recognizer::create();
    ASSERT_TRUE(recognizer) << recognizer.error().message();
    const std::vector<Row> rows = read_rows();
    ASSERT_EQ(rows.size(), 500u);
    const char* shown = std::getenv("BLIND");
    std::map<std::string, Count> kinds, intents;
    for (const Row& row : rows) {
        const Recognition heard = recognizer->command(read_words(row.utterance));
        const bool matched = heard.kind == Recognition::Kind::command && !heard.fixed.count("unsure");
        const bool right =
            row.kind == "none" ? !matched : matched && blind_names(heard).count(row.intent) > 0;
        for (Count* count : {&kinds[row.kind], &intents[row.intent]}) {
            ++count->all;
            count->right += right;
        }
        if (!right && shown && row.kind == shown)
            std::printf("  %s [%s]: %s (line %d)\n", row.utterance.c_str(), row.intent.c_str(),
                        heard.name.c_str(), heard.line);
    }
    Count commands;
    for (const char* kind : {"command", "command_unusual"}) {
        commands.right += kinds[kind].right;
        commands.all += kinds[kind].all;
    }
    std::printf(
        "blind set: commands %zu of %zu (%.1f %%), usual %zu of %zu (%.1f %%), unusual %zu of %zu (%.1f %%); "
        "false matches %zu of %zu (%.1f %%)\n",
        commands.right, commands.all, commands.share(), kinds["command"].right, kinds["command"].all,
        kinds["command"].share(), kinds["command_unusual"].right, kinds["command_unusual"].all,
        kinds["command_unusual"].share(), kinds["none"].all - kinds["none"].right, kinds["none"].all,
        100 - kinds["none"].share());
    std::printf("by intent:");
    for (const auto& [intent, count] : intents)
        if (intent != "-") std::printf(" %s %zu/%zu", intent.c_str(), count.right, count.all);
    std::printf("\n");
    EXPECT_GE(commands.share(), 56.0);
    EXPECT_LE(100 - kinds["none"].share(), 1.0);
}

}  // namespace
}  // namespace coda::tools
