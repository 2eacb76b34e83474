#include "tune/search.h"

#include "base/log.h"

#include <fmt/format.h>

namespace coda::tune {
namespace {

Result<Comparison> take_turns(Trial& reference, Trial& candidate, int rounds, const Cancel& cancel) {
    std::vector<double> before, after;
    CODA_CHECK(reference.run(cancel));
    CODA_CHECK(candidate.run(cancel));
    for (int round = 0; round < rounds; ++round) {
        const bool candidate_first = round % 2 == 1;
        if (candidate_first) {
            CODA_TRY(const double seconds, candidate.run(cancel));
            after.push_back(seconds);
        }
        CODA_TRY(const double seconds, reference.run(cancel));
        before.push_back(seconds);
        if (!candidate_first) {
            CODA_TRY(const double other, candidate.run(cancel));
            after.push_back(other);
        }
    }
    return compare_rounds(before, after);
}

bool admissible(const Choice& choice, const std::string& value) {
    if (!choice.keeps_quality) return true;
    const auto good = choice.keeps_quality(value);
    if (!good) log::warn("{} = {} could not be checked: {}", choice.setting, value, good.error().message());
    return good && *good;
}

}  // namespace

Result<Comparison> compare(Workload& workload, const Values& reference, const Values& candidate, int rounds,
                           const Cancel& cancel) {
    CODA_TRY(const auto before, workload.prepare(reference));
    CODA_TRY(const auto after, workload.prepare(candidate));
    return take_turns(*before, *after, rounds, cancel);
}

Result<Outcome> search(Workload& workload, const std::vector<Choice>& choices, const SearchOptions& options,
                       const Cancel& cancel) {
    Outcome outcome;
    CODA_TRY(std::unique_ptr<Trial> standing, workload.prepare({}));
    for (const Choice& choice : choices) {
        std::string stands = choice.usual;
        for (const std::string& value : choice.others) {
            if (cancel.cancelled()) return fail(ErrorCode::cancelled, "was cancelled");
            if (options.progress)
                options.progress(fmt::format("{}: {} beside {}", choice.setting, value, stands));
            if (!admissible(choice, value)) continue;
            Values values = outcome.settings;
            values[choice.setting] = value;
            auto trial = workload.prepare(values);
            auto compared = trial ? take_turns(*standing, **trial, options.rounds, cancel)
                                  : Result<Comparison>(tl::unexpected(trial.error()));
            if (!compared) {
                if (compared.error().code == ErrorCode::cancelled) return tl::unexpected(compared.error());
                log::warn("{} = {} was passed over: {}", choice.setting, value, compared.error().message());
                continue;
            }
            outcome.evidence.push_back({choice.setting, value, stands, *compared});
            if (compared->verdict != Verdict::faster) continue;
            outcome.settings = std::move(values);
            standing = std::move(*trial);
            stands = value;
        }
    }
    if (options.progress) options.progress("all of it beside the defaults");
    CODA_TRY(const auto defaults, workload.prepare({}));
    CODA_TRY(outcome.whole, take_turns(*defaults, *standing, options.rounds, cancel));
    if (outcome.whole.verdict != Verdict::faster) outcome.settings.clear();
    return outcome;
}

}  // namespace coda::tune
