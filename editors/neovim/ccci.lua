-- Neovim 0.7 or newer: put this file into ~/.config/nvim/plugin/.
if vim.fn.has("nvim-0.7") == 0 then
  vim.notify("ccci needs Neovim 0.7 or newer")
  return
end
local servers = {}

-- the nearest directory around a file with a repository or with recipes
local function root(file)
  local dir = vim.fn.fnamemodify(file, ":p:h")
  local at = dir
  while vim.fn.fnamemodify(at, ":h") ~= at do
    for _, name in ipairs({ ".git", "recipes" }) do
      if vim.loop.fs_stat(at .. "/" .. name) then
        return at
      end
    end
    at = vim.fn.fnamemodify(at, ":h")
  end
  return dir
end

vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, {
  pattern = { "*.rhai", "recipe.toml", "compose*.yml", ".env*" },
  callback = function()
    if vim.fn.expand("%:e") == "rhai" then
      vim.bo.filetype = "rhai"
    end
    local config = { name = "ccci", cmd = { "ccci", "lsp" }, root_dir = root(vim.fn.expand("%:p")) }
    if vim.lsp.start then
      vim.lsp.start(config)
      return
    end
    -- Neovim 0.7 does not look for a server that runs already
    local at = config.root_dir
    if not servers[at] or not vim.lsp.get_client_by_id(servers[at]) then
      servers[at] = vim.lsp.start_client(config)
    end
    vim.lsp.buf_attach_client(0, servers[at])
  end,
})
