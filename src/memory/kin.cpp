#include "memory/kin.h"

#include "memory/wording.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

namespace coda::memory {
namespace {

constexpr size_t kLongestFact = 12;  // words of a fact that tells who someone is
constexpr size_t kMostNames = 3;     // of a role that a question can mean

// Roles by the words for them.
const std::string* role_of(const std::string& word) {
    static const std::unordered_map<std::string, std::string> kRoles = [] {
        std::unordered_map<std::string, std::string> out;
        for (const char* role : {"sister",
                                 "brother",
                                 "mother",
                                 "father",
                                 "wife",
                                 "husband",
                                 "son",
                                 "daughter",
                                 "friend",
                                 "boss",
                                 "partner",
                                 "dog",
                                 "cat",
                                 "aunt",
                                 "uncle",
                                 "neighbor",
                                 "nephew",
                                 "niece",
                                 "grandmother",
                                 "grandfather",
                                 "cousin",
                                 "girlfriend",
                                 "boyfriend",
                                 "colleague",
                                 "doctor",
                                 "dentist",
                                 "teacher",
                                 "landlord",
                                 "landlady",
                                 "babysitter",
                                 "childminder",
                                 "gardener",
                                 "cleaner",
                                 "plumber",
                                 "barber",
                                 "receptionist",
                                 "lawyer",
                                 "accountant",
                                 "physiotherapist",
                                 "godson",
                                 "fiancee",
                                 "fiance",
                                 "hairdresser",
                                 "roommate",
                                 "flatmate",
                                 "therapist",
                                 "coach",
                                 "stepmother",
                                 "stepfather",
                                 "mother-in-law",
                                 "father-in-law",
                                 "brother-in-law",
                                 "sister-in-law"})
            out[role] = role;
        for (const auto& [other, role] : {std::pair("mum", "mother"),
                                          {"mom", "mother"},
                                          {"dad", "father"},
                                          {"gran", "grandmother"},
                                          {"grandma", "grandmother"},
                                          {"granny", "grandmother"},
                                          {"grandpa", "grandfather"},
                                          {"granddad", "grandfather"},
                                          {"boy", "son"},
                                          {"girl", "daughter"},
                                          {"manager", "boss"},
                                          {"neighbour", "neighbor"},
                                          {"puppy", "dog"}})
            out[other] = role;
        return out;
    }();
    auto found = kRoles.find(word);
    if (found == kRoles.end() && word.size() > 3 && word.back() == 's')
        found = kRoles.find(word.substr(0, word.size() - 1));
    return found == kRoles.end() ? nullptr : &found->second;
}

std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

bool is_any(const std::string& word, std::initializer_list<const char*> of) {
    return std::any_of(of.begin(), of.end(), [&](const char* one) { return word == one; });
}

// Words as they are written, without marks at their end; a possessive keeps its "'s".
std::vector<std::string> tokens_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> out;
    for (std::string word; stream >> word;) {
        while (!word.empty() && std::ispunct(static_cast<unsigned char>(word.back()))) word.pop_back();
        if (!word.empty()) out.push_back(std::move(word));
    }
    return out;
}

std::string without_possessive(const std::string& word) {
    return word.ends_with("'s") ? word.substr(0, word.size() - 2) : word;
}

bool is_name(const std::string& word) {
    return word.size() > 1 && std::isupper(static_cast<unsigned char>(word[0])) &&
           std::all_of(word.begin() + 1, word.end(), [](char c) {
               return std::islower(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80 ||
                      c == '-';
           });
}

bool is_title(const std::string& word) {
    return is_any(word, {"Mrs", "Mr", "Miss", "Ms", "Dr"});
}

// The name that begins at `at`, past "is called" and a title; empty where there is none. With "called" a name
// need not be capitalised.
std::string named_at(const std::vector<std::string>& words, size_t at) {
    bool called = false;
    while (at < words.size() && is_any(words[at], {"is", "was", "are", "called", "named", "name"})) {
        called = called || words[at] != "is";
        ++at;
    }
    while (at < words.size() && is_title(words[at])) ++at;
    if (at >= words.size()) return {};
    return is_name(words[at]) || (called && at + 1 == words.size()) ? words[at] : std::string();
}

// Whose relative is one's own: {"wife", "mother"} -> "mother-in-law".
std::string composed(const std::string& of, const std::string& role) {
    struct Rule {
        const char *of, *role, *is;
    };
    static constexpr std::array kRules = {Rule{"wife", "mother", "mother-in-law"},
                                          Rule{"husband", "mother", "mother-in-law"},
                                          Rule{"wife", "father", "father-in-law"},
                                          Rule{"husband", "father", "father-in-law"},
                                          Rule{"wife", "brother", "brother-in-law"},
                                          Rule{"husband", "brother", "brother-in-law"},
                                          Rule{"wife", "sister", "sister-in-law"},
                                          Rule{"husband", "sister", "sister-in-law"},
                                          Rule{"sister", "husband", "brother-in-law"},
                                          Rule{"brother", "wife", "sister-in-law"},
                                          Rule{"sister", "son", "nephew"},
                                          Rule{"brother", "son", "nephew"},
                                          Rule{"sister", "daughter", "niece"},
                                          Rule{"brother", "daughter", "niece"},
                                          Rule{"mother", "mother", "grandmother"},
                                          Rule{"father", "mother", "grandmother"},
                                          Rule{"mother", "father", "grandfather"},
                                          Rule{"father", "father", "grandfather"},
                                          Rule{"mother", "sister", "aunt"},
                                          Rule{"father", "sister", "aunt"},
                                          Rule{"mother", "brother", "uncle"},
                                          Rule{"father", "brother", "uncle"},
                                          Rule{"aunt", "husband", "uncle"},
                                          Rule{"uncle", "wife", "aunt"},
                                          Rule{"daughter", "teacher", "teacher"},
                                          Rule{"son", "teacher", "teacher"},
                                          Rule{"daughter", "childminder", "childminder"},
                                          Rule{"son", "childminder", "childminder"}};
    for (const Rule& rule : kRules)
        if (of == rule.of && role == rule.role) return rule.is;
    return of + "'s " + role;
}

}  // namespace

void Kin::add(const std::string& name, const std::string& role) {
    const std::string key = lower(name);
    roles_[key].insert(role);
    names_[role].insert(key);
    spelled_[key] = name;
}

bool Kin::learn(const std::string& fact) {
    std::vector<std::string> words = tokens_of(fact);
    if (words.size() < 2 || words.size() > kLongestFact) return false;
    const std::string first = lower(words[0]);
    size_t at = first == "my" || first == "our" ? 1 : 0;
    if (at == 1 && words.size() > 2 &&
        is_any(words[1], {"best", "old", "new", "university", "older", "younger", "little", "big"}))
        ++at;
    const std::string* role = at < words.size() ? role_of(lower(without_possessive(words[at]))) : nullptr;
    const bool of_another =
        at < words.size() && words[at].ends_with("'s") && (at + 1 >= words.size() || words[at + 1] != "name");
    if (role && !of_another && (at > 0 || is_any(*role, {"aunt", "uncle", "cousin"}))) {
        const std::string name = named_at(words, at + 1);
        if (!name.empty()) add(name, *role);
        return !name.empty();
    }
    if (at > 0 || words.size() < 3 || !is_name(without_possessive(words[0]))) return false;
    const size_t before = relations_.size();
    const std::string& whose = words[0];
    if (whose.ends_with("'s")) {
        const std::string* other = role_of(lower(without_possessive(words[1])));
        if (!other) return false;
        if (const std::string name = named_at(words, 2); !name.empty())
            relations_.push_back({lower(without_possessive(whose)), *other, name});
    } else if (words[1] == "has" && words.size() > 4) {  // "Clara has two boys, Oscar and Felix"
        const std::string* other = role_of(words[3]);
        if (!other) return false;
        for (size_t i = 4; i < words.size(); ++i)
            if (is_name(words[i])) relations_.push_back({lower(whose), *other, words[i]});
    }
    return relations_.size() > before;
}

void Kin::settle() {
    // Twice: a relative's relative may have been told of before the relative.
    for (int round = 0; round < 2; ++round)
        for (const Relation& relation : relations_) {
            const auto known = roles_.find(relation.of);
            if (known == roles_.end()) continue;
            const std::set<std::string> roles = known->second;
            for (const std::string& role : roles)
                if (role.find('\'') == std::string::npos) add(relation.name, composed(role, relation.role));
        }
}

std::vector<std::string> Kin::variants(const std::string& question, size_t most) const {
    std::vector<std::string> out = {question};
    const std::vector<std::string> words = tokens_of(question);
    for (size_t at = 0; at < words.size() && out.size() < most; ++at) {
        const std::string* role = role_of(lower(without_possessive(words[at])));
        if (!role) continue;
        const auto names = names_.find(*role);
        if (names == names_.end() || names->second.size() > kMostNames) continue;
        size_t first = at;
        while (first > 0 && is_any(lower(words[first - 1]), {"my", "our", "best", "older", "younger"}))
            --first;
        for (const std::string& name : names->second) {
            if (out.size() >= most) break;
            std::string variant;
            for (size_t i = 0; i < words.size(); ++i) {
                if (i >= first && i < at) continue;
                const std::string suffix = i == at && words[i].ends_with("'s") ? "'s" : "";
                variant += (variant.empty() ? "" : " ") + (i == at ? spelled_.at(name) + suffix : words[i]);
            }
            out.push_back(std::move(variant));
        }
        break;
    }
    return out;
}

std::set<std::string> Kin::persons(const std::string& text) const {
    std::set<std::string> out;
    for (const std::string& token : tokens_of(text)) {
        const std::string word = lower(without_possessive(token));
        if (roles_.count(word)) {
            out.insert(word);
        } else if (const std::string* role = role_of(word)) {
            const auto names = names_.find(*role);
            if (names == names_.end())
                out.insert("role:" + *role);
            else
                out.insert(names->second.begin(), names->second.end());
        }
    }
    return out;
}

}  // namespace coda::memory
