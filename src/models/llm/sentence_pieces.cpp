#include "models/llm/sentence_pieces.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace coda::models::llm {

namespace {

// Bytes that a character takes by its first byte, whatever follows: broken text is cut somehow, and spelt.
size_t character_length(char first) {
    const auto byte = static_cast<unsigned char>(first);
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Neighbours that may become one token.
struct Candidate {
    float score;
    int32_t left;
    size_t size;  // bytes of both when it was queued
    bool operator<(const Candidate& other) const {
        return score != other.score ? score < other.score : left > other.left;
    }
};

struct Node {
    const char* text;
    size_t size;  // 0: joined to the node before it
    int32_t previous, next;
};

std::vector<Node> characters_of(std::string_view text) {
    std::vector<Node> nodes;
    for (size_t at = 0; at < text.size();) {
        const size_t size = std::min(character_length(text[at]), text.size() - at);
        const auto index = static_cast<int32_t>(nodes.size());
        nodes.push_back({text.data() + at, size, index - 1, at + size < text.size() ? index + 1 : -1});
        at += size;
    }
    return nodes;
}

}  // namespace

int SentencePieces::byte_of(std::string_view stored) {
    if (stored.size() != 6 || !stored.starts_with("<0x") || stored.back() != '>') return -1;
    const int high = hex_digit(stored[3]), low = hex_digit(stored[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

SentencePieces::SentencePieces(std::span<const std::string> stored, std::vector<float> scores,
                               std::vector<bool> joinable, int32_t unknown)
    : scores_(std::move(scores)), joinable_(std::move(joinable)), unknown_(unknown) {
    bytes_.fill(-1);
    for (size_t id = 0; id < stored.size(); ++id) {
        longest_ = std::max(longest_, stored[id].size());
        const int byte = byte_of(stored[id]);
        if (byte >= 0 && !joinable_[id]) bytes_[static_cast<size_t>(byte)] = static_cast<int32_t>(id);
    }
}

int32_t SentencePieces::joined(const TokenTable& tokens, std::string_view text) const {
    if (text.size() > longest_) return -1;
    const int32_t id = tokens.find(text);
    return id >= 0 && joinable_[static_cast<size_t>(id)] ? id : -1;
}

void SentencePieces::encode(const TokenTable& tokens, std::string_view text,
                            std::vector<int32_t>& ids) const {
    std::vector<Node> nodes = characters_of(text);
    std::priority_queue<Candidate> queue;
    const auto node = [&](int32_t i) -> Node& { return nodes[static_cast<size_t>(i)]; };
    const auto consider = [&](int32_t left) {
        if (left < 0 || node(left).next < 0) return;
        const size_t size = node(left).size + node(node(left).next).size;
        const int32_t id = joined(tokens, {node(left).text, size});
        if (id >= 0) queue.push({scores_[static_cast<size_t>(id)], left, size});
    };
    for (int32_t i = 0; i + 1 < static_cast<int32_t>(nodes.size()); ++i) consider(i);
    while (!queue.empty()) {
        const Candidate best = queue.top();
        queue.pop();
        Node& left = node(best.left);
        if (left.size == 0 || left.next < 0) continue;
        Node& right = node(left.next);
        if (left.size + right.size != best.size) continue;  // one of them has grown since
        left.size = best.size;
        right.size = 0;
        left.next = right.next;
        if (left.next >= 0) node(left.next).previous = best.left;
        consider(left.previous);
        consider(best.left);
    }
    for (int32_t i = 0; i >= 0 && !nodes.empty(); i = node(i).next) {
        const std::string_view piece(node(i).text, node(i).size);
        const int32_t id = joined(tokens, piece);
        if (id >= 0)
            ids.push_back(id);
        else
            spell(piece, ids);
    }
}

void SentencePieces::spell(std::string_view character, std::vector<int32_t>& ids) const {
    const auto id_of = [&](char c) { return bytes_[static_cast<unsigned char>(c)]; };
    if (std::all_of(character.begin(), character.end(), [&](char c) { return id_of(c) >= 0; })) {
        for (const char c : character) ids.push_back(id_of(c));
    } else if (unknown_ >= 0) {
        ids.push_back(unknown_);
    }
}

}  // namespace coda::models::llm
