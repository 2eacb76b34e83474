#include "memory/sqlite_store.h"

#include "base/file_map.h"
#include "memory/database.h"
#include "memory/salvage.h"
#include "memory/vectors.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace coda::memory {
namespace {

namespace fs = std::filesystem;

class StoreTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() /
                  fmt::format("coda-store-{}-{}", getpid(),
                              testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    fs::path file() const { return folder_ / "memory.db"; }
    std::unique_ptr<SqliteStore> open(int64_t max_pages = 0) {
        SqliteStore::Options options;
        options.path = file();
        options.max_pages = max_pages;
        auto store = SqliteStore::open(std::move(options));
        EXPECT_TRUE(store) << store.error().message();
        return store ? std::move(*store) : nullptr;
    }
    static std::string answer(SqliteStore& store, const std::string& question) {
        const auto found = store.search(question, 3);
        EXPECT_TRUE(found) << found.error().message();
        return found && !found->empty() ? found->front().fact.text : std::string();
    }
    static Added add(SqliteStore& store, const std::string& text) {
        auto added = store.add(text, "said");
        EXPECT_TRUE(added) << added.error().message();
        return added.value_or(Added{});
    }

    fs::path folder_;
};

TEST_F(StoreTest, RemembersOverRestarts) {
    add(*open(), "my locker code is 4719");
    EXPECT_EQ(answer(*open(), "what is my locker code"), "my locker code is 4719");
    EXPECT_EQ(answer(*open(), "where is my passport"), "");
}

TEST_F(StoreTest, FileIsItsOwnersAlone) {
    const auto store = open();
    add(*store, "my pin is 1234");
    for (const char* suffix : {"", "-wal", "-shm"}) {
        struct stat status {};
        ASSERT_EQ(::stat((file().string() + suffix).c_str(), &status), 0) << suffix;
        EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
    }
}

TEST_F(StoreTest, ReplacesWhatHasOneAnswerAndKeepsTheRest) {
    const auto store = open();
    add(*store, "my locker code is 1");
    const Added again = add(*store, "My locker code is 2.");
    ASSERT_TRUE(again.replaced);
    EXPECT_EQ(again.replaced->text, "my locker code is 1");
    add(*store, "Oscar is seven years old");
    EXPECT_FALSE(add(*store, "Oscar is allergic to eggs").replaced);
    add(*store, "my keys are in the drawer");
    EXPECT_TRUE(add(*store, "my keys are on the table").replaced);
    add(*store, "I live in Bristol");
    EXPECT_TRUE(add(*store, "I live in Bath").replaced);
    EXPECT_FALSE(add(*store, "my sister is a nurse").replaced);
    EXPECT_EQ(*store->size(), 6u);
}

TEST_F(StoreTest, DuplicatesMerge) {
    const auto store = open();
    const Added first = add(*store, "I am allergic to nuts");
    const Added second = add(*store, "I am allergic to nuts.");
    EXPECT_TRUE(second.known);
    EXPECT_EQ(second.fact.id, first.fact.id);
    EXPECT_GE(store->get(first.fact.id)->time, first.fact.time);
    EXPECT_EQ(*store->size(), 1u);
}

TEST_F(StoreTest, CorrectionsReplaceWhatWasWrong) {
    const auto store = open();
    add(*store, "my sister is Ida");
    add(*store, "my sister is a nurse");
    const auto corrected = store->correct("my sister is Ada", "Ida");
    ASSERT_TRUE(corrected) << corrected.error().message();
    EXPECT_EQ(corrected->replaced->text, "my sister is Ida");
    EXPECT_EQ(*store->size(), 2u);
    const auto none = store->correct("my uncle is Bob", "Rob");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
}

TEST_F(StoreTest, EditsForgetsAndRestores) {
    const auto store = open();
    const Added added = add(*store, "my car is red");
    EXPECT_EQ(store->edit(added.fact.id, "my car is blue")->text, "my car is blue");
    EXPECT_EQ(answer(*store, "what colour is my car"), "");  // no word of it but "car"
    EXPECT_EQ(answer(*store, "is my car blue"), "my car is blue");
    const Fact fact = *store->get(added.fact.id);
    ASSERT_TRUE(store->remove(fact.id));
    EXPECT_EQ(store->remove(fact.id).error().code, ErrorCode::not_found);
    ASSERT_TRUE(store->restore(fact));
    EXPECT_EQ(store->get(fact.id)->text, "my car is blue");
    ASSERT_TRUE(store->clear());
    EXPECT_EQ(*store->size(), 0u);
}

TEST_F(StoreTest, ForgettingAboutSomeoneFindsTheName) {
    const auto store = open();
    add(*store, "my sister's name is Clara");
    add(*store, "Clara works as a nurse");
    add(*store, "my brother works as a baker");
    const auto about = store->about("my sister");
    ASSERT_TRUE(about);
    EXPECT_EQ(about->size(), 2u);
}

TEST_F(StoreTest, RefusesWhatIsNoFact) {
    const auto store = open();
    for (const std::string& text :
         {std::string(), std::string(" .,!"), std::string(SqliteStore::kMaxText + 1, 'a')}) {
        const auto added = store->add(text, "said");
        ASSERT_FALSE(added);
        EXPECT_EQ(added.error().code, ErrorCode::invalid_argument);
    }
    for (const char* odd : {"\"", "' OR 1=1 --", "NEAR(a b)", "a* ^b -c", "\xff\xfe"}) store->search(odd, 3);
}

TEST_F(StoreTest, SeesWhatAnotherProcessWrote) {
    const auto a = open(), b = open();
    EXPECT_EQ(answer(*a, "what is my locker code"), "");
    add(*b, "my locker code is 4719");
    EXPECT_EQ(answer(*a, "what is my locker code"), "my locker code is 4719");
}

TEST_F(StoreTest, ReadsTheFirstLayout) {
    fs::create_directories(folder_);
    fs::copy_file(CODA_SOURCE_DIR "/tests/golden/memory/schema1.db", file());
    const auto store = open();
    EXPECT_EQ(store->warning(), "");
    EXPECT_EQ(*store->size(), 4u);
    EXPECT_EQ(answer(*store, "what is my locker code"), "my locker code is 8830");
    EXPECT_EQ(store->get(2)->importance, 0.5);
    add(*store, "my locker code is 1");
    EXPECT_EQ(*open()->size(), 4u);
}

TEST_F(StoreTest, RefusesOtherDatabasesAndLaterLayouts) {
    add(*open(), "a fact of mine");
    {
        auto database = Database::open(file(), Database::Mode::write);
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->execute("PRAGMA user_version = 999"));
    }
    SqliteStore::Options options;
    options.path = file();
    const auto later = SqliteStore::open(options);
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, ErrorCode::unsupported);
    EXPECT_TRUE(fs::exists(file()));
}

TEST_F(StoreTest, AFullDiskLosesNothingThatWasKept) {
    const auto store = open(40);  // 160 KiB
    int kept = 0;
    for (; kept < 10000; ++kept) {
        const auto added = store->add(fmt::format("number {} is {}", kept, std::string(500, 'x')), "said");
        if (added) continue;
        EXPECT_EQ(added.error().code, ErrorCode::exhausted) << added.error().message();
        break;
    }
    ASSERT_GT(kept, 10);
    ASSERT_LT(kept, 10000);
    EXPECT_EQ(*store->size(), static_cast<size_t>(kept));
    EXPECT_TRUE(store->search("number 3", 3));
    EXPECT_EQ(*open()->size(), static_cast<size_t>(kept));
}

// As another user, for whom the file's mode counts even where the tests run as root.
TEST_F(StoreTest, WhatCannotBeWrittenIsRead) {
    add(*open(), "my locker code is 4719");
    fs::permissions(file(), fs::perms(0444));
    fs::permissions(folder_, fs::perms(0555));
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && seteuid(65534) != 0) _exit(2);
        SqliteStore::Options options;
        options.path = file();
        auto store = SqliteStore::open(options);
        const bool reads = store && !(*store)->warning().empty() && *(*store)->size() == 1;
        const auto added = reads ? (*store)->add("something", "said") : Result<Added>();
        _exit(reads && !added && added.error().code == ErrorCode::io ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    fs::permissions(folder_, fs::perms(0700));
}

// Kills a process that writes, many times: whatever it had been told was kept is there afterwards.
TEST_F(StoreTest, SurvivesBeingKilled) {
    int acknowledged = -1;
    for (int round = 0; round < 25; ++round) {
        int pipe_ends[2];
        ASSERT_EQ(pipe(pipe_ends), 0);
        const pid_t child = fork();
        if (child == 0) {
            SqliteStore::Options options;
            options.path = file();
            auto store = SqliteStore::open(options);
            if (!store) _exit(1);
            for (int i = acknowledged + 1;; ++i) {
                if (!(*store)->add(fmt::format("thing {} is here", i), "said")) _exit(1);
                if (write(pipe_ends[1], &i, sizeof i) != sizeof i) _exit(1);
            }
        }
        close(pipe_ends[1]);
        int last = acknowledged;
        const int enough = acknowledged + 1 + round % 7;
        for (int i = 0; last < enough && read(pipe_ends[0], &i, sizeof i) == sizeof i;) last = i;
        kill(child, SIGKILL);
        for (int i = 0; read(pipe_ends[0], &i, sizeof i) == sizeof i;) last = i;
        close(pipe_ends[0]);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
        const auto store = open();
        ASSERT_TRUE(store);
        EXPECT_EQ(store->warning(), "");
        const auto size = *store->size();
        EXPECT_GE(size, static_cast<size_t>(last + 1)) << "round " << round;
        acknowledged = static_cast<int>(size) - 1;  // one more may have been kept than could be said
    }
    EXPECT_GT(acknowledged, 25);
}

// ---- damage

class DamageTest : public StoreTest {
  protected:
    static constexpr size_t kFacts = 400;

    void SetUp() override {
        StoreTest::SetUp();
        const auto store = open();
        for (size_t i = 0; i < kFacts; ++i)
            add(*store, fmt::format("box {} holds {}", i, std::string(i % 50 == 7 ? 9000 : 80, 'y')));
    }
    std::string bytes() const { return *read_file(file()); }
    void damage(std::string content) {
        fs::remove(file().string() + "-wal");
        fs::remove(file().string() + "-shm");
        std::ofstream(file(), std::ios::binary) << content;
    }
    bool set_aside() const {
        return std::any_of(fs::directory_iterator(folder_), fs::directory_iterator(), [](const auto& entry) {
            return entry.path().string().find("memory.db.damaged-") != std::string::npos;
        });
    }
};

TEST_F(DamageTest, APageOfNoiseCostsItsFactsOnly) {
    std::string content = bytes();
    const size_t page = 4096, middle = content.size() / page / 2 * page;
    for (size_t i = 0; i < page; ++i) content[middle + i] = static_cast<char>(i * 37);
    damage(content);
    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_NE(store->warning().find("damaged"), std::string::npos);
    EXPECT_TRUE(set_aside());
    EXPECT_GE(*store->size(), kFacts - 100);
    add(*store, "it goes on");
    EXPECT_EQ(open()->warning(), "");
}

TEST_F(DamageTest, WithoutItsFirstPageTheFactsAreFoundInTheOthers) {
    std::string content = bytes();
    for (size_t i = 0; i < 4096; ++i) content[i] = 'z';
    damage(content);
    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_GE(*store->size(), kFacts - 60);
    EXPECT_EQ(store->get(200)->text.substr(0, 13), "box 199 holds");
}

TEST_F(DamageTest, CutAnywhereItOpens) {
    const std::string content = bytes();
    for (size_t length = 0; length < content.size(); length += 7001) {
        damage(content.substr(0, length));
        const auto store = open();
        ASSERT_TRUE(store) << length;
        EXPECT_LE(*store->size(), kFacts);
        add(*store, "it goes on");
    }
}

TEST_F(DamageTest, ForgottenFactsStayForgotten) {
    const auto store = open();
    ASSERT_TRUE(store->remove(100));
    const auto facts = salvage(file());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->size(), kFacts - 1);
    EXPECT_TRUE(std::none_of(facts->begin(), facts->end(), [](const Fact& fact) { return fact.id == 100; }));
}

TEST(Salvage, TakesAnyBytes) {
    const auto content = read_file(CODA_SOURCE_DIR "/tests/golden/memory/schema1.db");
    ASSERT_TRUE(content);
    EXPECT_EQ(scan_pages(std::as_bytes(std::span(*content))).size(), 4u);
    for (size_t length = 0; length < content->size(); ++length)
        scan_pages(std::as_bytes(std::span(*content).first(length)));
}

// ---- vectors

TEST(Vectors, FindsTheNearestAndForgets) {
    Vectors vectors;
    for (int i = 0; i < 100; ++i) {
        const float angle = static_cast<float>(i) * 0.01f;
        vectors.add(i, quantized(std::vector<float>{std::cos(angle), std::sin(angle)}));
    }
    vectors.add(3, quantized(std::vector<float>{0, 1}));  // a second chunk
    const std::vector<std::vector<int8_t>> asked = {quantized(std::vector<float>{1, 0})};
    auto near = vectors.nearest(asked, 3);
    ASSERT_EQ(near.size(), 3u);
    EXPECT_EQ(near[0].id, 0);
    EXPECT_NEAR(near[0].cosine, 1, 1e-4);
    EXPECT_NEAR(vectors.cosine(3, asked), 1, 0.01);
    vectors.remove(0);
    vectors.remove(3);
    EXPECT_EQ(vectors.size(), 98u);
    EXPECT_EQ(vectors.cosine(3, asked), -1);
    EXPECT_EQ(vectors.nearest(asked, 1).at(0).id, 1);
    vectors.add(7, std::vector<int8_t>(5));  // another width
    EXPECT_EQ(vectors.size(), 98u);
}

TEST(Chunks, OverlapAndCoverTheText) {
    std::string text;
    for (int i = 0; i < 450; ++i) text += fmt::format("w{} ", i);
    const auto chunks = chunks_of(text);
    ASSERT_EQ(chunks.size(), 3u);
    EXPECT_TRUE(chunks[0].starts_with("w0 ") && chunks[0].ends_with(" w199"));
    EXPECT_TRUE(chunks[1].starts_with("w150 ") && chunks[1].ends_with(" w349"));
    EXPECT_TRUE(chunks[2].starts_with("w300 ") && chunks[2].ends_with(" w449"));
    EXPECT_EQ(chunks_of("short").size(), 1u);
}

TEST(Kin, KnowsWhoIsWho) {
    Kin kin;
    for (const char* fact :
         {"my wife's name is Helen", "Helen's mother is called Pauline", "my sister is Clara",
          "Clara has two boys, Oscar and Felix", "my brother is tired"})
        kin.learn(fact);
    kin.settle();
    EXPECT_EQ(kin.variants("what does my wife drive", 3),
              (std::vector<std::string>{"what does my wife drive", "what does Helen drive"}));
    EXPECT_EQ(kin.variants("where is my mother-in-law", 3).back(), "where is Pauline");
    EXPECT_EQ(kin.variants("how old are my nephews", 3).size(), 3u);
    EXPECT_EQ(kin.variants("where is my brother", 3).size(), 1u);
    EXPECT_EQ(kin.persons("Helen's shoes and my sister"), (std::set<std::string>{"clara", "helen"}));
}

}  // namespace
}  // namespace coda::memory
