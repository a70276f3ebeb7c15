// The verb completion: a shell script made from the very options this program declares.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/context.h"

namespace pentimento {
namespace {

std::vector<std::string> option_names(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void print_bash(const CLI::App& app, const std::vector<std::string>& verbs) {
  std::cout << "# source <(pentimento completion bash)\n_pentimento() {\n"
               "  local word=${COMP_WORDS[COMP_CWORD]} options\n"
               "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
               "    COMPREPLY=($(compgen -W \""
            << joined(verbs)
            << "\" -- \"$word\"))\n    return\n  fi\n"
               "  case ${COMP_WORDS[1]} in\n";
  for (const std::string& verb : verbs)
    std::cout << "    " << verb << ") options=\"" << joined(option_names(*app.get_subcommand(verb)))
              << "\" ;;\n";
  std::cout << "  esac\n"
               "  case $word in\n"
               "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
               "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
               "  esac\n}\ncomplete -o filenames -F _pentimento pentimento\n";
}

void print_zsh(const CLI::App& app, const std::vector<std::string>& verbs) {
  std::cout << "#compdef pentimento\n# source <(pentimento completion zsh)\n_pentimento() {\n"
               "  if (( CURRENT == 2 )); then compadd "
            << joined(verbs)
            << "; return; fi\n"
               "  case $words[2] in\n";
  for (const std::string& verb : verbs)
    std::cout << "    " << verb << ") [[ $PREFIX == -* ]] && compadd -- "
              << joined(option_names(*app.get_subcommand(verb))) << " || _files ;;\n";
  std::cout << "  esac\n}\ncompdef _pentimento pentimento\n";
}

void print_fish(const CLI::App& app, const std::vector<std::string>& verbs) {
  std::cout << "# pentimento completion fish | source\n";
  for (const std::string& verb : verbs) {
    const CLI::App* sub = app.get_subcommand(verb);
    std::cout << "complete -c pentimento -n __fish_use_subcommand -f -a " << verb << " -d '"
              << sub->get_description() << "'\n";
    for (const CLI::Option* option : sub->get_options())
      for (const std::string& name : option->get_lnames())
        std::cout << "complete -c pentimento -n '__fish_seen_subcommand_from " << verb << "' -l "
                  << name << "\n";
  }
}

}  // namespace

void add_completion(CLI::App& app, Context&) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb =
      app.add_subcommand("completion", "print a completion script for bash, zsh or fish");
  verb->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->callback([&app, shell] {
    std::vector<std::string> verbs;
    for (const CLI::App* sub : app.get_subcommands({})) verbs.push_back(sub->get_name());
    if (*shell == "bash") print_bash(app, verbs);
    if (*shell == "zsh") print_zsh(app, verbs);
    if (*shell == "fish") print_fish(app, verbs);
  });
}

}  // namespace pentimento
