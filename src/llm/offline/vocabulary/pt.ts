import type { Vocabulary } from './types.ts';

export const PT: Vocabulary = {
  'auth/login': {
    strong: `
      não consigo entrar, não consigo acessar, não consigo aceder, não consigo fazer login, fazer login,
      iniciar sessão, esqueci a senha, esqueci minha senha, redefinir a senha, redefinir, recuperar a senha,
      senha incorreta, senha errada, nova senha, conta bloqueada, desbloquear, código de verificação,
      código de segurança, link expirou, sessão expirou, acessar minha conta, entrar na conta, palavra passe
    `,
    medium: `
      senha*, login, acesso, acessar, autentic*, verificação, bloquead*, dois fatores, duas etapas, 2fa, sso,
      sessão, credenciais, entrar
    `,
    weak: `
      código*, sms, usuário, expirou, celular
    `,
  },
  billing: {
    strong: `
      cobrado duas vezes, cobraram duas vezes, cobrança*, cobrad*, cobraram, cobrando, estorno*, estornar,
      reembols*, dinheiro de volta, devolução do valor, fatura*, nota fiscal, boleto*, segunda via,
      cancelar minha assinatura, cancelar a assinatura, cancelei a assinatura, forma de pagamento,
      método de pagamento, cartão de crédito, pagamento recusado, débito*, nif, cnpj
    `,
    medium: `
      pagamento*, pagar, paguei, preço*, assinatura*, plano*, valor cobrado, desconto*, cupom, recibo*, reais,
      euros, taxa*, mensalidade, renov*, dinheiro, fatur*
    `,
    weak: `
      cartão, mensal, anual, custa, mês
    `,
  },
  bug: {
    strong: `
      não mostra, não encontra, não reage, arquivo vazio, não atualiza, não envia, não é exibido,
      de cabeça para baixo, não funciona, não funcionam, parou de funcionar, deixou de funcionar, mensagem de erro,
      dá erro, fecha sozinho, fecha sozinha, trava, travando, travou, não carrega, não abre, não acontece nada,
      não faz nada, página em branco, tela branca, tela em branco, não responde, não aparece, não salva,
      desde a atualização, desde a última atualização, última atualização, sumiu, sumiram, valores errados,
      desaparec*
    `,
    medium: `
      erro*, falha*, problema*, lento, lenta, bug*, quebrad*, errad*, vazio, vazia, atualização, duplicad*
    `,
    weak: `
      página, botão, navegador, aplicativo, app, clicar, clico, tela, baixar
    `,
  },
  feature_request: {
    strong: `
      poderiam criar, poderiam oferecer, poderiam implementar, podem criar, podem incluir, gostaria que,
      gostaríamos que, falta uma opção, falta um, falta uma, seria ótimo, seria útil, seria bom, seria legal,
      seria possível, gostaria de poder, gostaríamos de poder, poderiam adicionar, poderiam incluir,
      podem adicionar, adicionar uma opção, sugestão, sugestões, modo escuro, nova função, novo recurso,
      pretendem adicionar, pretendem, está previsto, integração com, uma opção para, sinto falta
    `,
    medium: `
      função, funcionalidade*, recurso, ideia*, sugerir, melhoria*, integração, opção, adicionar, possibilidade,
      facilitar*
    `,
    weak: `
      seria, poderiam, possível, útil
    `,
  },
  account: {
    strong: `
      excluir minha conta, apagar minha conta, encerrar minha conta, deletar minha conta, excluir meus dados,
      apagar meus dados, dados pessoais, lgpd, rgpd, alterar o email, alterar meu email, mudar meu email,
      trocar o email, alterar meu nome, mudar meu nome, sobrenome, novo endereço, alterar o endereço, cadastro,
      meu perfil, convidar, convite*, novo membro, adicionar um membro, adiciono um, remover um usuário,
      proprietári*, permissão, permissões, administrador*, membro*, fundir, faleceu
    `,
    medium: `
      perfil, papel, equipe, usuários, colega*, funcionári*, excluir, apagar, remover, dados, transferir,
      organização
    `,
    weak: `
      conta, alterar, mudar, email, nome, endereço
    `,
  },
  other: {
    strong: `
      parabéns, muito obrigado, muito obrigada, obrigado pela ajuda, obrigada pela ajuda, excelente atendimento,
      ótimo atendimento, horário de funcionamento, horário, vaga*, currículo, estágio, jornalista, imprensa,
      parceria*, entregam em, prazo de entrega, antes de comprar, demonstração, já funciona, está resolvido,
      foi resolvido, loja física, ausente
    `,
    medium: `
      obrigado, obrigada, dúvida, entrega*, pedido, loja*, encomenda, frete, orçamento, interessad*,
      informações sobre
    `,
    weak: `
      olá, curiosidade, oferta*
    `,
  },
};
