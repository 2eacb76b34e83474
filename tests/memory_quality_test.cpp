// How well the memory recalls, by tests/data/memory: 200 questions over 1,000 facts, told over the last year.
// The figures are printed; the bounds hold what has been reached (the goals, and how far they are, stand in
// docs/memory.md).
#include "assistant/embedding.h"
#include "base/file_map.h"
#include "base/paths.h"
#include "memory/sqlite_store.h"

#include <map>
#include <sstream>

#include <gtest/gtest.h>

namespace coda {
namespace {

constexpr const char* kFolder = CODA_SOURCE_DIR "/tests/data/memory/";

struct Question {
    std::string kind, text;
    size_t fact = 0;  // line of facts.txt; 0: none answers it
};

std::vector<std::string> lines_of(const std::string& name) {
    const auto text = read_file(kFolder + name);
    EXPECT_TRUE(text) << text.error().message();
    std::istringstream stream(text.value_or(""));
    std::vector<std::string> out;
    for (std::string line; std::getline(stream, line);) out.push_back(line);
    return out;
}

std::vector<Question> questions() {
    std::vector<Question> out;
    for (const std::string& line : lines_of("questions.tsv")) {
        const size_t first = line.find('\t'), second = line.find('\t', first + 1);
        out.push_back({line.substr(0, first), line.substr(second + 1),
                       std::stoul(line.substr(first + 1, second - first - 1))});
    }
    return out;
}

struct Figures {
    int answered = 0, found = 0, unanswerable = 0, invented = 0;
    double recall() const { return static_cast<double>(found) / answered; }
    double false_recall() const { return static_cast<double>(invented) / unanswerable; }
};

class MemoryQuality : public testing::Test {
  protected:
    Figures judge(double bar, bool vectors) {
        memory::SqliteStore::Options options;
        options.weighing.bar = bar;
        if (vectors) {
            auto backend = runtime::create_cpu_backend({});
            EXPECT_TRUE(backend);
            auto model = models::MiniLm::open(paths::model_dir("minilm-l6-v2"), **backend);
            EXPECT_TRUE(model) << model.error().message() << "; script/fetch-models minilm-l6-v2 fetches it";
            if (!model) return {};
            options.embedder = std::make_shared<assistant::MiniLmEmbedder>(*model);
        }
        auto store = memory::SqliteStore::open(options);
        EXPECT_TRUE(store);
        const std::vector<std::string> facts = lines_of("facts.txt");
        for (size_t i = 0; i < facts.size(); ++i) {
            memory::Fact fact;
            fact.text = facts[i];
            fact.source = "said";
            fact.time =
                std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
                std::chrono::hours(24 * (i * 37 % 365));
            const auto added = (*store)->add(fact);
            EXPECT_TRUE(added) << facts[i];
            EXPECT_FALSE(added && added->replaced)
                << facts[i] << " took the place of " << added->replaced->text;
        }
        Figures out;
        std::map<std::string, std::pair<int, int>> kinds;
        for (const Question& question : questions()) {
            const auto found = (*store)->search(question.text, 3);
            EXPECT_TRUE(found);
            if (!found) continue;
            if (question.fact == 0) {
                ++out.unanswerable;
                out.invented += !found->empty();
                continue;
            }
            bool right = false;
            for (const memory::Recalled& recalled : *found)
                right |= recalled.fact.text == facts[question.fact - 1];
            ++out.answered;
            out.found += right;
            ++kinds[question.kind].second;
            kinds[question.kind].first += right;
        }
        std::printf("bar %.2f%s: recall@3 %d of %d = %.3f, false recall %d of %d = %.3f (", bar,
                    vectors ? "" : ", words alone", out.found, out.answered, out.recall(), out.invented,
                    out.unanswerable, out.false_recall());
        for (const auto& [kind, count] : kinds)
            std::printf(" %s %d/%d", kind.c_str(), count.first, count.second);
        std::printf(" )\n");
        return out;
    }
};

TEST_F(MemoryQuality, WithVectors) {
    const Figures all = judge(0, true);
    EXPECT_EQ(all.answered, 160);
    EXPECT_EQ(all.unanswerable, 40);
    EXPECT_GE(all.recall(), 0.80);
    for (const double bar : {0.5, 0.6, 0.8, 0.9}) judge(bar, true);
    const Figures barred = judge(memory::Weighing().bar, true);
    EXPECT_GE(barred.recall(), 0.50);
    EXPECT_LE(barred.false_recall(), 0.20);
}

TEST_F(MemoryQuality, ByWordsAlone) {
    const Figures words = judge(memory::Weighing().bar, false);
    EXPECT_GE(words.recall(), 0.2);
    EXPECT_LE(words.false_recall(), 0.30);
}

}  // namespace
}  // namespace coda
