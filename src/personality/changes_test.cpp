// Adaptation: what is asked for moves traits within bounds, fades, is listed with its reason, and can be
// undone; the file of it is shared, bounded, and set aside when damaged.
#include "personality/change_log.h"
#include "personality/feedback.h"
#include "personality/persona.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::personality {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

const Time kNow = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + hours(12));

Change shorter(const Traits& own, const Traits& now, Time time = kNow) {
    const auto change = fulfil(*find_wish("shorter"), own, now, {}, time);
    CODA_ASSERT(change);
    return *change;
}

TEST(Adaptation, AWishMakesATraitLeanAndFades) {
    const Traits own;
    const std::vector<Change> changes = {shorter(own, own)};
    EXPECT_EQ(changes[0].reason, "you asked for shorter answers");
    EXPECT_LT(adapted(own, changes, {}, kNow).lean(Trait::verbosity), 0);
    EXPECT_NEAR(adapted(own, changes, {}, kNow + days(30))[Trait::verbosity], 0.35, 1e-6);
    EXPECT_NEAR(adapted(own, changes, {}, kNow + days(3000))[Trait::verbosity], 0.5, 1e-6);
}

TEST(Adaptation, StaysWithinTheRange) {
    const Traits own;
    Traits now = own;
    std::vector<Change> changes;
    const AdaptationLimits limits{.range = 0.35};
    for (int i = 0; i < 5; ++i) {
        const auto change = fulfil(*find_wish("funnier"), own, now, limits, kNow);
        if (!change) break;
        changes.push_back(*change);
        now = adapted(own, changes, limits, kNow);
    }
    EXPECT_NEAR(now[Trait::humor], 0.85, 1e-9);
    EXPECT_EQ(changes.size(), 2u);  // then it says that it can't go further
    EXPECT_NEAR(adapted(own, changes, {.range = 0.1}, kNow)[Trait::humor], 0.6, 1e-9);
    EXPECT_EQ(adapted(own, changes, {.enabled = false}, kNow), own);
}

TEST(Adaptation, EveryWishMovesItsTraitItsWay) {
    for (const char* name : {"shorter", "serious", "casual", "matter_of_fact", "no_offers", "humbler",
                             "gentler", "plainer", "no_reasons"}) {
        const Wish* wish = find_wish(name);
        ASSERT_TRUE(wish) << name;
        EXPECT_FALSE(wish->more) << name;
        EXPECT_LT(fulfil(*wish, {}, {}, {}, kNow)->moves[0].second, 0) << name;
    }
    EXPECT_EQ(find_wish("louder"), nullptr);
}

TEST(Adaptation, AMomentIsNotedOnceAndNotAgainAfterItWasUndone) {
    Moment moment{kNow, 23, true, false};
    std::vector<Change> known = changes_of(moment, {});
    ASSERT_EQ(known.size(), 2u);  // a hurry, and it is late
    EXPECT_TRUE(changes_of(moment, known).empty());
    known[0].undone = true;
    EXPECT_TRUE(changes_of(moment, known).empty());
    moment.now += minutes(6);
    EXPECT_EQ(changes_of(moment, known).size(), 1u);
    EXPECT_TRUE(changes_of({kNow, 12, false, false}, {}).empty());
    EXPECT_GT(adapted({}, changes_of({kNow, 12, false, true}, {}), {}, kNow).lean(Trait::empathy), 0);
}

TEST(ChangesFile, ComesBackAsItWasWritten) {
    std::vector<Change> changes = {shorter({}, {})};
    changes[0].id = 7;
    changes[0].undone = true;
    const auto read = parse_changes(print_changes(changes));
    ASSERT_TRUE(read) << read.error().message();
    ASSERT_EQ(read->size(), 1u);
    EXPECT_EQ(print_changes(*read), print_changes(changes));
    EXPECT_EQ((*read)[0].time, kNow);
}

TEST(ChangesFile, CutShortOrWrongItIsRefused) {
    const std::string whole = print_changes({shorter({}, {})});
    for (size_t size = 0; size + 1 < whole.size(); ++size)
        EXPECT_FALSE(parse_changes(whole.substr(0, size))) << size;
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = whole;
        text.replace(text.find(from), from.size(), to);
        return parse_changes(text);
    };
    EXPECT_FALSE(with("\"version\": 1", "\"version\": 2"));
    EXPECT_FALSE(with("\"verbosity\"", "\"loudness\""));
    EXPECT_FALSE(with("\"id\": 0", "\"id\": -1"));
    EXPECT_FALSE(with("\"undone\": false", "\"undone\": 3"));
    EXPECT_FALSE(with("-0.3", "-3e300"));
    EXPECT_FALSE(parse_changes("[]"));
}

class ChangesOnDisk : public testing::Test {
  protected:
    void SetUp() override { fs::create_directories(folder_); }
    void TearDown() override { fs::remove_all(folder_); }
    ChangeLog open() const {
        auto log = ChangeLog::open(file_);
        CODA_ASSERT(log);
        return std::move(*log);
    }

    const fs::path folder_ = fs::temp_directory_path() / ("coda_changes_" + std::to_string(::getpid()));
    const fs::path file_ = folder_ / "state" / "personality.json";
};

TEST_F(ChangesOnDisk, SurviveARestartAndReachOtherProcesses) {
    ChangeLog mine = open();
    ASSERT_TRUE(mine.add(shorter({}, {})));
    EXPECT_EQ(fs::status(file_).permissions() & fs::perms::all,
              fs::perms::owner_read | fs::perms::owner_write);
    ChangeLog other = open();
    ASSERT_EQ(other.changes().size(), 1u);
    const auto undone = other.undo_last(kNow);
    ASSERT_TRUE(undone);
    EXPECT_EQ(*undone, std::vector<int64_t>{1});
    ASSERT_TRUE(mine.refresh());
    EXPECT_TRUE(mine.changes()[0].undone);
    EXPECT_TRUE(mine.undo_last(kNow)->empty());
    ASSERT_TRUE(mine.redo({1}));
    EXPECT_EQ(mine.undo_all(kNow + days(3000))->size(), 0u);  // it has faded
    EXPECT_EQ(mine.undo(1)->size(), 1u);
    EXPECT_EQ(mine.undo(99)->size(), 0u);
}

TEST_F(ChangesOnDisk, OfTwoWritersBothAreKept) {
    constexpr int kEach = 20;
    const auto write = [&] {
        ChangeLog log = open();
        for (int i = 0; i < kEach; ++i) EXPECT_TRUE(log.add(shorter({}, {})));
    };
    std::thread one(write), two(write);
    one.join();
    two.join();
    EXPECT_EQ(open().changes().size(), 2u * kEach);
}

TEST_F(ChangesOnDisk, OldOnesMakeRoom) {
    ChangeLog log = open();
    for (size_t i = 0; i < kMostChanges + 3; ++i) ASSERT_TRUE(log.add(shorter({}, {})));
    EXPECT_EQ(open().changes().size(), kMostChanges);
    EXPECT_EQ(open().changes().front().id, 4);
}

TEST_F(ChangesOnDisk, ADamagedFileIsSetAside) {
    fs::create_directories(file_.parent_path());
    std::ofstream(file_) << "{\"version\": 1, \"chan";
    ChangeLog log = open();
    EXPECT_NE(log.warning().find(".damaged-"), std::string::npos) << log.warning();
    EXPECT_TRUE(log.changes().empty());
    EXPECT_FALSE(fs::exists(file_));
    EXPECT_TRUE(log.add(shorter({}, {})));
    EXPECT_TRUE(open().warning().empty());
}

TEST_F(ChangesOnDisk, APersonaFulfilsWishesTakesThemBackAndRetractsATurn) {
    const auto make = [&] {
        auto persona = Persona::create({.changes = file_});
        CODA_ASSERT(persona);
        return std::move(*persona);
    };
    const Moment noon{kNow, 12, false, false};
    auto persona = make();
    persona->begin_turn(noon);
    EXPECT_EQ(persona->fulfil("shorter"), "Okay, shorter answers from now on.");
    EXPECT_EQ(persona->word({"It's three o'clock.", "time", Act::answer, {}}), "Three o'clock.");
    EXPECT_FALSE(persona->prompt_change().empty());
    persona = make();  // after a restart
    persona->begin_turn(noon);
    EXPECT_LT(persona->traits().lean(Trait::verbosity), 0);
    EXPECT_EQ(persona->as_before(), "Okay, I'll speak as I did before.");
    EXPECT_EQ(persona->traits(), Traits());
    persona->retract_turn();  // that turn was none
    EXPECT_LT(persona->traits().lean(Trait::verbosity), 0);
    persona->begin_turn(noon);
    persona->fulfil("funnier");
    persona->retract_turn();
    EXPECT_EQ(persona->traits()[Trait::humor], Traits::kNeutral);
}

TEST(Persona, SwitchedOffItDoesNotAdapt) {
    auto persona = Persona::create({.limits = {.enabled = false}});
    ASSERT_TRUE(persona);
    (*persona)->begin_turn({kNow, 23, true, true});
    EXPECT_NE((*persona)->fulfil("shorter").find("personality.adapt"), std::string::npos);
    EXPECT_EQ((*persona)->traits(), Traits());
}

}  // namespace
}  // namespace coda::personality
