#include "personality/persona.h"

#include "base/log.h"

namespace coda::personality {
namespace {

Time current_time() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

Result<std::unique_ptr<Persona>> Persona::create(Options options) {
    CODA_TRY(ChangeLog log, ChangeLog::open(options.changes));
    return std::unique_ptr<Persona>(new Persona(std::move(options), std::move(log)));
}

Persona::Persona(Options options, ChangeLog log) : options_(std::move(options)), log_(std::move(log)) {
    update(current_time());
    told_ = traits_;
    prompt_ = prompt_of(options_.character, told_);
}

void Persona::update(Time now) {
    now_ = now;
    traits_ = adapted(options_.character.traits, log_.changes(), options_.limits, now);
}

void Persona::keep(Change change) {
    const Result<int64_t> id = log_.add(std::move(change));
    if (id)
        kept_.push_back(*id);
    else
        log::warn("{}", id.error().message());
    update(now_);
}

void Persona::begin_turn(const Moment& moment) {
    ++turn_;
    kept_.clear();
    undone_.clear();
    if (const Status read = log_.refresh(); !read) log::warn("{}", read.error().message());
    update(moment.now);
    if (!options_.limits.enabled) return;
    for (Change& change : changes_of(moment, log_.changes())) keep(std::move(change));
}

void Persona::retract_turn() {
    for (const int64_t id : kept_)
        if (const Status removed = log_.remove(id); !removed) log::warn("{}", removed.error().message());
    if (!undone_.empty())
        if (const Status redone = log_.redo(undone_); !redone) log::warn("{}", redone.error().message());
    kept_.clear();
    undone_.clear();
    update(now_);
}

std::string Persona::word(const Template& what) const {
    return reword(what, traits_, options_.character, options_.seed ^ (turn_ << 32));
}

std::string Persona::introduction(bool at_length) const {
    std::string out = "I'm " + options_.character.name + ", a voice assistant that runs on this computer.";
    if (at_length && !options_.character.backstory.empty()) out += " " + options_.character.backstory;
    return out;
}

std::string Persona::anecdote() {
    const auto& all = options_.character.anecdotes;
    if (all.empty()) return "I have no anecdotes to tell.";
    return all[anecdotes_told_++ % all.size()];
}

std::string Persona::fulfil(const std::string& name) {
    const Wish* wish = find_wish(name);
    CODA_ASSERT(wish);
    if (!options_.limits.enabled) return "I may not change how I speak: personality.adapt is off.";
    auto change = personality::fulfil(*wish, options_.character.traits, traits_, options_.limits, now_);
    if (!change) return "That's as far as I may go towards " + std::string(wish->what) + ".";
    keep(std::move(*change));
    return "Okay, " + std::string(wish->what) + " from now on.";
}

std::string Persona::as_before() {
    auto undone = log_.undo_all(now_);
    if (!undone) {
        log::warn("{}", undone.error().message());
        return "I can't write down that I should speak as before.";
    }
    undone_ = std::move(*undone);
    update(now_);
    return undone_.empty() ? "I already speak as I always do." : "Okay, I'll speak as I did before.";
}

std::string Persona::prompt_change() const {
    return personality::prompt_change(told_, traits_);
}

}  // namespace coda::personality
