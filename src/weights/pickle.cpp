#include "weights/pickle.h"

#include <bit>
#include <cstring>
#include <unordered_map>

#include "base/error.h"
#include "weights/messages.h"

namespace pentimento {
namespace {

constexpr size_t kMaxValues = 4'000'000;  // a full checkpoint with optimiser state has 200 000

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  PickleDocument run() {
    if (next() != 0x80) corrupt("does not begin as a pickle of protocol 2 or later");
    const uint8_t protocol = next();
    if (protocol < 2 || protocol > 5)
      unsupported("is a pickle of protocol " + std::to_string(protocol) + ", expected 2 to 5");
    for (uint8_t opcode = next(); opcode != '.'; opcode = next()) {
      if (!scalar(opcode) && !text(opcode) && !container(opcode) && !memory(opcode) &&
          !object(opcode))
        unsupported("holds pickle opcode " + std::to_string(opcode) + " at byte " +
                    std::to_string(at_ - 1) + ", which no tensor file needs");
    }
    document_.root = pop();
    return std::move(document_);
  }

 private:
  // ---- bytes and messages

  [[noreturn]] void corrupt(const std::string& what) const {
    throw Error(ErrorKind::CorruptFile, name_ + ": its pickle " + what);
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(ErrorKind::Unsupported,
                name_ + ": its pickle " + what +
                    "; nothing in it was run. Look for a .safetensors version of the file");
  }

  std::string_view take(uint64_t count) {
    if (count > bytes_.size() - at_) corrupt("ends too early; download the file again");
    const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + at_;
    at_ += count;
    return {begin, count};
  }
  uint8_t next() { return static_cast<uint8_t>(take(1)[0]); }
  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + at_,
                                bytes_.size() - at_);
    const size_t length = std::min(rest.find('\n'), rest.size());
    const std::string_view text = take(length);
    take(1);
    return text;
  }

  // ---- the stack

  // Every list that grows is charged, so that few bytes cannot ask for much memory.
  void charge(size_t values) {
    charged_ += values;
    if (charged_ > kMaxValues) corrupt("holds more values than any checkpoint");
  }
  template <typename T>
  bool push(T value) {
    return push_again(&document_.values.emplace_back(PickleValue{std::move(value)}));
  }
  bool push_again(PickleRef value) {
    charge(1);
    stack_.push_back(value);
    return true;
  }
  PickleRef top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) corrupt("takes from an empty stack");
    return stack_.back();
  }
  PickleRef pop() {
    const PickleRef value = top();
    stack_.pop_back();
    return value;
  }
  std::vector<PickleRef> pop_to_mark() {
    if (marks_.empty()) corrupt("lacks a mark");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleRef> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  std::vector<PickleRef> pop_items(size_t count) {
    std::vector<PickleRef> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }

  // ---- opcodes, by the chapter of pickletools they stand in; each says whether it knew the opcode

  bool scalar(uint8_t opcode) {
    switch (opcode) {
      case 'N':
        return push(PickleNone{});
      case 0x88:
        return push(true);
      case 0x89:
        return push(false);
      case 'J':
        return push(int64_t{number<int32_t>()});
      case 'K':
        return push(int64_t{next()});
      case 'M':
        return push(int64_t{number<uint16_t>()});
      case 0x8a:
        return push_long(next());
      case 0x8b:
        return push_long(number<uint32_t>());
      case 'G':
        return push(std::bit_cast<double>(__builtin_bswap64(number<uint64_t>())));
      default:
        return false;
    }
  }

  bool push_long(uint64_t count) {
    const std::string_view digits = take(count);
    if (count > 8) return push(PickleOpaque{"a long number"});
    int64_t value = 0;
    std::memcpy(&value, digits.data(), count);
    if (count > 0 && count < 8 && (static_cast<uint8_t>(digits.back()) & 0x80))
      value -= int64_t{1} << (8 * count);
    return push(value);
  }

  bool text(uint8_t opcode) {
    switch (opcode) {
      case 'X':  // BINUNICODE
      case 'T':  // BINSTRING
      case 'B':
        return push(std::string(take(number<uint32_t>())));  // BINBYTES
      case 0x8c:                                             // SHORT_BINUNICODE
      case 'U':                                              // SHORT_BINSTRING
      case 'C':
        return push(std::string(take(next())));  // SHORT_BINBYTES
      case 0x8d:                                 // BINUNICODE8
      case 0x8e:                                 // BINBYTES8
      case 0x96:
        return push(std::string(take(number<uint64_t>())));  // BYTEARRAY8
      default:
        return false;
    }
  }

  bool container(uint8_t opcode) {
    switch (opcode) {
      case ']':
        return push(PickleSequence{});
      case ')':
        return push(PickleSequence{.is_tuple = true});
      case '}':
        return push(PickleDict{});
      case 'l':
        return push(PickleSequence{pop_to_mark()});
      case 't':
        return push(PickleSequence{pop_to_mark(), true});
      case 0x85:
        return push(PickleSequence{pop_items(1), true});
      case 0x86:
        return push(PickleSequence{pop_items(2), true});
      case 0x87:
        return push(PickleSequence{pop_items(3), true});
      case 'd': {
        const auto items = pop_to_mark();
        return push(PickleDict{}) && set_items(items);
      }
      case 0x8f:
        return push(PickleOpaque{"set"});
      case 0x90:
        return append(pop_to_mark());  // ADDITEMS, of a set
      case 0x91:
        pop_to_mark();
        return push(PickleOpaque{"frozenset"});
      case 'a':
        return append(pop_items(1));
      case 'e':
        return append(pop_to_mark());
      case 's':
        return set_items(pop_items(2));
      case 'u':
        return set_items(pop_to_mark());
      default:
        return false;
    }
  }

  bool append(const std::vector<PickleRef>& items) {
    if (auto* list = top()->as<PickleSequence>(); list && !list->is_tuple)
      list->items.insert(list->items.end(), items.begin(), items.end());
    else if (!top()->as<PickleOpaque>())
      corrupt("appends to something that is no list");
    return true;
  }

  bool set_items(const std::vector<PickleRef>& items) {
    if (items.size() % 2) corrupt("sets a key without a value");
    auto* dict = top()->as<PickleDict>();
    if (!dict && !top()->as<PickleOpaque>()) corrupt("sets an item of something that is no dict");
    for (size_t i = 0; dict && i < items.size(); i += 2)
      dict->items.emplace_back(items[i], items[i + 1]);
    return true;
  }

  bool memory(uint8_t opcode) {
    switch (opcode) {
      case '(':
        return mark();
      case '0':
        pop();
        return true;
      case '1':
        pop_to_mark();
        return true;
      case '2':
        return push_again(top());
      case 'h':
        return recall(next());
      case 'j':
        return recall(number<uint32_t>());
      case 'q':
        return store(next());
      case 'r':
        return store(number<uint32_t>());
      case 0x94:
        return store(static_cast<uint32_t>(memo_.size()));  // MEMOIZE
      case 0x95:
        number<uint64_t>();
        return true;  // FRAME
      default:
        return false;
    }
  }
  bool mark() {
    charge(1);
    marks_.push_back(stack_.size());
    return true;
  }
  bool store(uint32_t key) {
    charge(1);
    memo_[key] = top();
    return true;
  }
  bool recall(uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) corrupt("recalls a value that it never stored");
    return push_again(found->second);
  }

  bool object(uint8_t opcode) {
    switch (opcode) {
      case 'c': {  // GLOBAL
        const std::string module(line());
        return push_global(module + "." + std::string(line()));
      }
      case 0x93: {  // STACK_GLOBAL
        const auto parts = pop_items(2);
        return push_global(string_of(parts[0]) + "." + string_of(parts[1]));
      }
      case 'Q':
        return push_storage(pop());  // BINPERSID
      case 0x81:                     // NEWOBJ
      case 'R': {                    // REDUCE
        const auto parts = pop_items(2);
        return call(parts[0], parts[1]);
      }
      case 'b': {  // BUILD
        const PickleRef state = pop();
        return build(top(), state);
      }
      default:
        return false;
    }
  }

  std::string string_of(PickleRef value) const {
    const auto* text = value->as<std::string>();
    if (!text) corrupt("has something else where a name is expected");
    return *text;
  }
  int64_t integer_of(PickleRef value) const {
    const auto* number = value->as<int64_t>();
    if (!number) corrupt("has something else where a whole number is expected");
    return *number;
  }
  const std::vector<PickleRef>& tuple_of(PickleRef value, size_t at_least) const {
    const auto* sequence = value->as<PickleSequence>();
    if (!sequence || sequence->items.size() < at_least)
      corrupt("has something else where a tuple of " + std::to_string(at_least) + " is expected");
    return sequence->items;
  }
  Shape shape_of(PickleRef value) const {
    const auto& items = tuple_of(value, 0);
    if (items.size() > 16) corrupt("names a tensor of more than 16 dimensions");
    Shape shape;
    for (const PickleRef item : items) {
      shape.push_back(integer_of(item));
      if (shape.back() < 0 || shape.back() > (int64_t{1} << 40))
        corrupt("names a tensor of impossible shape");
    }
    return shape;
  }

  bool push_global(const std::string& name) {
    PickleGlobal global;
    if (!find_pickle_global(name, global))
      unsupported("asks for " + in_quotes(name) + ", which is no part of a tensor file");
    return push(std::move(global));
  }

  // ('storage', torch.FloatStorage, key, location, elements)
  bool push_storage(PickleRef id) {
    const auto& parts = tuple_of(id, 5);
    const auto* type = parts[1]->as<PickleGlobal>();
    if (string_of(parts[0]) != "storage" || !type || type->kind != PickleGlobalKind::Storage)
      corrupt("refers to something that is no storage");
    const int64_t elements = integer_of(parts[4]);
    if (elements < 0) corrupt("refers to a storage of negative size");
    return push(PickleStorage{type->dtype, string_of(parts[2]), elements});
  }

  bool call(PickleRef callable, PickleRef arguments) {
    const auto* global = callable->as<PickleGlobal>();
    if (!global) corrupt("calls something that is no name");
    switch (global->kind) {
      case PickleGlobalKind::RebuildTensor:
        return rebuild_tensor(tuple_of(arguments, 4));
      case PickleGlobalKind::RebuildParameter:
        return push_again(tuple_of(arguments, 1)[0]);
      case PickleGlobalKind::Dict:
        return push(dict_of(arguments));
      case PickleGlobalKind::ParameterDict:
        return push(PickleDict{.is_parameter_dict = true});
      case PickleGlobalKind::Size:
        return push_again(tuple_of(arguments, 1)[0]);
      case PickleGlobalKind::Inert:
        return push(PickleOpaque{global->name});
      case PickleGlobalKind::Storage:
        break;
    }
    unsupported("makes a bare " + in_quotes(global->name));
  }

  bool rebuild_tensor(const std::vector<PickleRef>& parts) {
    const auto* storage = parts[0]->as<PickleStorage>();
    if (!storage) corrupt("rebuilds a tensor from something that is no storage");
    PickleTensor tensor{storage, integer_of(parts[1]), shape_of(parts[2]), shape_of(parts[3])};
    if (tensor.offset < 0 || tensor.shape.size() != tensor.strides.size())
      corrupt("names a tensor of impossible shape");
    return push(std::move(tensor));
  }

  // OrderedDict() or OrderedDict([(key, value), …]); defaultdict(factory) is an empty dict too.
  PickleDict dict_of(PickleRef arguments) {
    PickleDict dict;
    const auto& items = tuple_of(arguments, 0);
    const auto* pairs = items.size() == 1 ? items[0]->as<PickleSequence>() : nullptr;
    if (!pairs) return dict;
    charge(pairs->items.size());
    for (const PickleRef pair : pairs->items) {
      const auto& parts = tuple_of(pair, 2);
      dict.items.emplace_back(parts[0], parts[1]);
    }
    return dict;
  }

  // State of a dict are attributes like _metadata; only a ParameterDict keeps its tensors there.
  bool build(PickleRef object, PickleRef state) {
    auto* dict = object->as<PickleDict>();
    const auto* attributes = state->as<PickleDict>();
    if (!dict || !dict->is_parameter_dict || !attributes) return true;
    for (const auto& [key, value] : attributes->items) {
      const auto* name = key->as<std::string>();
      const auto* parameters = value->as<PickleDict>();
      if (!name || *name != "_parameters" || !parameters || parameters == dict) continue;
      charge(parameters->items.size());
      dict->items.insert(dict->items.end(), parameters->items.begin(), parameters->items.end());
    }
    return true;
  }

  std::span<const std::byte> bytes_;
  std::string name_;
  size_t at_ = 0, charged_ = 0;
  PickleDocument document_;
  std::vector<PickleRef> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint32_t, PickleRef> memo_;
};

}  // namespace

PickleDocument read_pickle(std::span<const std::byte> bytes, const std::string& name) {
  return Machine(bytes, name).run();
}

}  // namespace pentimento
